//! The link by itself: what it says, what it can be told, and when it gives up.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use stranded_analysis::facts::View;
use stranded_tui::link::event::{LinkCommand, LinkEvent};
use stranded_tui::link::{self, Link};
use stranded_tui::target::Target;
use tokio::time::timeout;

use crate::facts::{self, looks};
use crate::fake::{Fake, Step, send};

/// How long anything here may take before the test has failed.
const DEADLINE: Duration = Duration::from_secs(30);

fn start(target: &str, limit: u32) -> Link {
    let target: Target = target.parse().unwrap();
    link::start(target, View { limit, ..View::default() })
}

/// The next event that `wanted` picks out; the others are passed over.
async fn next<T>(link: &mut Link, wanted: impl Fn(&LinkEvent) -> Option<T>) -> T {
    let search = async {
        loop {
            let event = link.events.recv().await.expect("the link goes on");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    timeout(DEADLINE, search).await.expect("it says so in time")
}

fn connected(event: &LinkEvent) -> Option<String> {
    match event {
        LinkEvent::Connected(target) => Some(target.name.clone()),
        _ => None,
    }
}

fn lost(event: &LinkEvent) -> Option<(String, Duration, u32)> {
    match event {
        LinkEvent::Lost { problem, retry_in, attempt } => {
            Some((problem.what.clone(), *retry_in, *attempt))
        }
        _ => None,
    }
}

fn connecting(event: &LinkEvent) -> Option<u32> {
    match event {
        LinkEvent::Connecting { attempt } => Some(*attempt),
        _ => None,
    }
}

fn updated(event: &LinkEvent) -> Option<u64> {
    match event {
        LinkEvent::Update(update) => Some(update.seq),
        _ => None,
    }
}

/// An address at which nothing listens.
fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn it_connects_describes_and_passes_updates_on() {
    let mut steps = send(looks(facts::healthy));
    steps.push(Step::Hold);
    let agent = Fake::start(vec![steps]);
    let mut link = start(&agent.target(), 0);
    assert_eq!(next(&mut link, connecting).await, 1);
    assert_eq!(next(&mut link, connected).await, "orders-api");
    for seq in 1..=6 {
        assert_eq!(next(&mut link, updated).await, seq);
    }
}

#[tokio::test]
async fn the_view_is_kept_across_connections_and_changes_at_once() {
    let broken = || {
        let mut steps = send(looks(facts::healthy));
        steps.push(Step::Break);
        steps
    };
    let mut steady = send(looks(facts::healthy));
    steady.push(Step::Hold);
    let agent = Fake::start(vec![broken(), steady]);
    let mut link = start(&agent.target(), 7);
    let (what, _, attempt) = next(&mut link, lost).await;
    assert!(what.contains("broke: the agent stumbled"), "{what}");
    assert_eq!(attempt, 1, "attempts count from the last success");
    next(&mut link, connected).await;
    next(&mut link, updated).await;
    let view = View { limit: 9, query: "cache".to_owned(), ..View::default() };
    link.commands.send(LinkCommand::View(Box::new(view))).unwrap();
    let views = timeout(DEADLINE, agent.asked(3)).await.expect("the agent hears of it");
    assert_eq!(views.iter().map(|view| view.limit).collect::<Vec<_>>(), [7, 7, 9]);
    assert_eq!(views[2].query, "cache");
}

#[tokio::test]
async fn a_view_changed_between_connections_is_the_first_one_asked_for() {
    let mut broken = send(looks(facts::healthy));
    broken.push(Step::Break);
    let mut steady = send(looks(facts::healthy));
    steady.push(Step::Hold);
    let agent = Fake::start(vec![broken, steady]);
    let mut link = start(&agent.target(), 1);
    next(&mut link, lost).await;
    let view = View { limit: 2, ..View::default() };
    link.commands.send(LinkCommand::View(Box::new(view))).unwrap();
    next(&mut link, connected).await;
    next(&mut link, updated).await;
    assert_eq!(agent.views()[1].limit, 2);
}

#[tokio::test]
async fn delays_grow_and_keys_do_not_restart_them() {
    let mut link = start(&nowhere().to_string(), 0);
    assert_eq!(next(&mut link, connecting).await, 1);
    let mut delays = Vec::new();
    for attempt in 2..=4 {
        let (what, retry_in, next_attempt) = next(&mut link, lost).await;
        assert!(what.starts_with("Nothing listens at 127.0.0.1:"), "{what}");
        assert_eq!(next_attempt, attempt);
        delays.push(retry_in);
        let told = Instant::now();
        // Another view with every key of a fast typist, until the next attempt begins.
        let mut keys = tokio::time::interval(Duration::from_millis(5));
        loop {
            tokio::select! {
                event = link.events.recv() => {
                    assert_eq!(event.as_ref().and_then(connecting), Some(attempt));
                    break;
                }
                _ = keys.tick() => {
                    link.commands.send(LinkCommand::View(Box::default())).unwrap();
                    assert!(told.elapsed() < retry_in + DEADLINE / 4, "keys restart the delay");
                }
            }
        }
    }
    assert!(delays.is_sorted() && delays[2] > 2 * delays[0], "{delays:?}");
}

#[tokio::test]
async fn retry_now_does_not_wait() {
    let mut link = start(&nowhere().to_string(), 0);
    // Far enough that the delays are seconds.
    for _ in 0..6 {
        next(&mut link, lost).await;
        link.commands.send(LinkCommand::RetryNow).unwrap();
    }
    let (_, retry_in, attempt) = next(&mut link, lost).await;
    assert!(retry_in > Duration::from_secs(2), "{retry_in:?}");
    let told = Instant::now();
    link.commands.send(LinkCommand::RetryNow).unwrap();
    assert_eq!(next(&mut link, connecting).await, attempt);
    assert!(told.elapsed() < retry_in, "{:?} of {retry_in:?}", told.elapsed());
}

#[tokio::test]
async fn it_ends_when_nobody_listens_any_more() {
    let mut steps = send(looks(facts::healthy));
    steps.push(Step::Hold);
    let agent = Fake::start(vec![steps]);
    for target in [agent.target(), nowhere().to_string()] {
        let Link { events, commands } = start(&target, 0);
        drop(events);
        timeout(DEADLINE, commands.closed()).await.expect("the task ends");
    }
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_lost() {
    let mut steps = send(looks(facts::healthy));
    steps.push(Step::Hold);
    let agent = Fake::start(vec![steps]);
    let (address, silence) = proxy(agent.address());
    let mut link = start(&address.to_string(), 0);
    next(&mut link, updated).await;
    silence.store(true, Ordering::SeqCst);
    let (what, _, _) = next(&mut link, lost).await;
    assert!(what.contains("broke"), "{what}");
    // Who accepts and never speaks is another kind of trouble.
    let (what, _, _) = next(&mut link, lost).await;
    assert!(what.contains("said nothing"), "{what}");
}

/// A way to `target` that swallows everything once its switch is set, and keeps its connections
/// open.
fn proxy(target: SocketAddr) -> (SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let silence = Arc::new(AtomicBool::new(false));
    let switch = silence.clone();
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = TcpStream::connect(target).unwrap();
            pump(near.try_clone().unwrap(), far.try_clone().unwrap(), switch.clone());
            pump(far, near, switch.clone());
        }
    });
    (address, silence)
}

/// Carries bytes from one side to the other until either ends.
fn pump(mut from: TcpStream, mut to: TcpStream, silence: Arc<AtomicBool>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if !silence.load(Ordering::SeqCst) && to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        // Both sides see the end; that one of them may have gone already is no matter.
        let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
    });
}
