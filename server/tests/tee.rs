//! An application's own logging is the same with the agent around it and without.
//!
//! The same program runs twice, each time as a process of its own: once with its subscriber installed by
//! itself, once wrapped by the agent. What its layers write must be equal, line for line.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fs::{self, File};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stranded_server::{Builder, Resources};
use tokio::runtime;
use tokio::sync::{Barrier, Mutex as Lock, RwLock, Semaphore, mpsc};
use tokio::time::{interval, sleep, timeout};
use tracing::{Instrument, Subscriber, debug, error, info, info_span, trace, trace_span, warn};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry};

const CASE: &str = "TEE_CASE";
const OUTPUT: &str = "TEE_OUTPUT";
const AGENT: &str = "TEE_AGENT";

/// How the application filters: for both layers together, and for each of the two.
const CASES: &[(&str, [Option<&str>; 3])] = &[
    ("everything at info", [Some("info"), None, None]),
    ("nothing", [Some("off"), None, None]),
    ("its own target only", [Some("warn,tee=debug"), None, None]),
    ("by span and field", [Some("error,[request{path=\"/b\"}]=trace"), None, None]),
    ("a filter on each layer", [None, Some("tee=trace"), Some("warn")]),
    ("a filter on one layer under a common one", [Some("debug"), Some("info"), None]),
    ("everything, with Tokio's own spans", [Some("trace"), None, None]),
    ("Tokio's spans in one layer", [None, Some("trace"), Some("info")]),
];

#[test]
fn the_application_logs_the_same_with_the_agent_and_without() {
    for (case, _) in CASES {
        let without = run(case, "no");
        for agent in ["off", "locks", "all"] {
            let with = run(case, agent);
            for (number, (with, without)) in with.lines().zip(without.lines()).enumerate() {
                assert_eq!(with, without, "{case}, tracking {agent}, line {}", number + 1);
            }
            assert_eq!(with.lines().count(), without.lines().count(), "{case}, tracking {agent}");
        }
        assert_eq!(without.is_empty(), *case == "nothing", "{case} wrote:\n{without}");
    }
    let traced = run("everything, with Tokio's own spans", "all");
    for seen in [
        "runtime.spawn",
        "waker.clone",
        "request{path=\"/a\"}",
        "concrete_type=\"Mutex\"",
        "runtime.resource.async_op.poll",
        "permits_obtained=1",
    ] {
        assert!(traced.contains(seen), "`{seen}` in:\n{traced}");
    }
}

/// What the application writes in that case, with what differs from run to run taken out.
fn run(case: &str, agent: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("log");
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "application", "--nocapture"])
        .env(CASE, case)
        .env(OUTPUT, &output)
        .env(AGENT, agent)
        .env("STRANDED_BIND", "off")
        .output()
        .unwrap();
    assert!(done.status.success(), "{case}: {}", String::from_utf8_lossy(&done.stdout));
    normalised(&fs::read_to_string(&output).unwrap())
}

/// `log` without span ids, task ids and measured times, which differ from run to run.
fn normalised(log: &str) -> String {
    let keys = ["task.id=", "time.busy=", "time.idle=", "duration="];
    let ends = |end: char| " \n}{:".contains(end);
    let mut normal = String::new();
    for word in log.split_inclusive(ends) {
        match keys.iter().find(|key| word.starts_with(**key)) {
            Some(key) => normal.extend([key, "#", word.trim_start_matches(|c| !ends(c))]),
            None => normal.push_str(word),
        }
    }
    normal
}

/// The application; does nothing unless it is started by [`run`].
#[test]
fn application() {
    let (Ok(case), Ok(output)) = (std::env::var(CASE), std::env::var(OUTPUT)) else {
        return;
    };
    let (_, [common, first, second]) = CASES.iter().find(|(name, _)| *name == case).unwrap();
    let log = File::create(output).unwrap();
    let filter = |directives: Option<&str>| EnvFilter::new(directives.unwrap_or("trace"));
    let subscriber = Registry::default()
        .with(filter(*common))
        .with(layer(&log, false).with_filter(filter(*first)))
        .with(layer(&log, true).with_filter(filter(*second)));
    let tracking = match &*std::env::var(AGENT).unwrap() {
        "off" => Some(Resources::Off),
        "locks" => Some(Resources::Locks),
        "all" => Some(Resources::All),
        _ => None,
    };
    if let Some(resources) = tracking {
        Builder::new().resources(resources).wrap(subscriber).init();
    } else {
        tracing::subscriber::set_global_default(subscriber).unwrap();
    }
    runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work());
}

fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(log: &File, spans: bool) -> impl Layer<S> {
    let events = if spans { FmtSpan::FULL } else { FmtSpan::NONE };
    tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_span_events(events)
        .with_writer(Mutex::new(log.try_clone().unwrap()))
}

/// Spans within spans, across tasks and awaits, with late fields, follows-from links and guards in odd order.
async fn work() {
    info!("starting");
    let mut requests = Vec::new();
    for path in ["/a", "/b"] {
        let span = info_span!("request", path, status = tracing::field::Empty);
        span.follows_from(tracing::Span::current());
        requests.push(tokio::spawn(handle(path).instrument(span)));
    }
    for request in requests {
        request.await.unwrap();
    }
    let aborted = tokio::spawn(std::future::pending::<()>().instrument(info_span!("aborted")));
    tokio::task::yield_now().await;
    aborted.abort();
    warn!(cancelled = aborted.await.unwrap_err().is_cancelled(), "aborted");
    resources().instrument(info_span!("resources")).await;
    let (outer, inner) = (info_span!("outer"), trace_span!("inner"));
    let outer_guard = outer.enter();
    let inner_guard = inner.enter();
    debug!("in both");
    drop(outer_guard);
    trace!("in the inner one");
    drop(inner_guard);
    assert!(tracing::Span::current().is_none() || tracing::enabled!(tracing::Level::TRACE));
    error!("done");
}

/// Everything of Tokio's that it opens spans for, waited for and at once.
async fn resources() {
    let lock = Arc::new(Lock::new(()));
    let holder = lock.clone().lock_owned().await;
    let waiter = lock.clone();
    let waiter = tokio::spawn(async move { drop(waiter.lock().await) });
    tokio::task::yield_now().await;
    info!("locked");
    drop(holder);
    waiter.await.unwrap();
    drop(lock.try_lock().unwrap());
    let rwlock = RwLock::new(());
    drop((rwlock.read().await, rwlock.read().await));
    drop(rwlock.write().await);
    drop(Semaphore::new(2).acquire_many(2).await.unwrap());
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send(1).await.unwrap();
    let blocked = tokio::spawn(async move { sender.send(2).await });
    tokio::task::yield_now().await;
    receiver.recv().await.unwrap();
    blocked.await.unwrap().unwrap();
    Barrier::new(1).wait().await;
    interval(Duration::from_secs(1)).tick().await;
    timeout(Duration::from_secs(100), sleep(Duration::from_millis(1))).await.unwrap();
}

async fn handle(path: &str) {
    info!("handling");
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let child = tokio::spawn(
        async move {
            debug!("computing");
            tokio::task::yield_now().await;
            sender.send(path_status(false)).unwrap();
        }
        .in_current_span(),
    );
    let status = receiver.await.unwrap();
    child.await.unwrap();
    tracing::Span::current().record("status", status);
    if path == "/b" {
        warn!(status, "slow");
    }
    trace!("handled");
}

fn path_status(failed: bool) -> u16 {
    if failed { 500 } else { 200 }
}
