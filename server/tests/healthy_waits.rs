//! Every ordinary way to wait, as tasks of one service with the agent in it: none is accused, each is
//! named, and the line where it waits is the right one.

#![expect(clippy::unwrap_used, reason = "a test has no other way to fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, pending};
use std::time::Duration;

use stranded_analysis::facts::{SiteFacts, Update, View, Wait};
use stranded_analysis::report::{Report, Stage};
use stranded_analysis::{Model, Policy, judge};
use stranded_proto::v1;
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_server::Builder;
use tokio::task::{Builder as Task, LocalSet};
use tokio::time::timeout;

#[path = "waits/corpus.rs"]
mod corpus;

use corpus::shape::Here;

/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(60);
/// The name of the one task that is lost: without it, silence would prove nothing.
const LOST: &str = "lost";
/// The name of a healthy task in a `LocalSet`.
const LOCAL: &str = "local";

/// What must be seen of one task.
struct Expected {
    waits: BTreeSet<Wait>,
    here: Here,
}

#[test]
fn no_healthy_wait_is_accused_and_each_is_named() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let inside = runtime.enter();
    let agent = Builder::new().bind("127.0.0.1:0").init();

    let mut expected: BTreeMap<&str, Expected> = BTreeMap::new();
    for shape in corpus::shapes() {
        let here = Here::default();
        Task::new().name(shape.name).spawn((shape.start)(here.clone())).unwrap();
        let waits = shape.waits.iter().cloned().collect();
        expected.insert(shape.name, Expected { waits, here });
    }
    assert!(expected.len() >= 25);
    let here = Here::default();
    expected.insert(LOCAL, Expected { waits: [Wait::Sleep].into(), here: here.clone() });
    let _local = in_a_local_set(local(here));
    Task::new().name(LOST).spawn(pending::<()>()).unwrap();

    let address = agent.address(DEADLINE).expect("the agent listens").to_string();
    let (model, report) = runtime.block_on(async {
        timeout(DEADLINE, judged(address, &expected)).await.expect("the control is found in time")
    });

    let accused: BTreeSet<_> =
        report.findings.iter().map(|finding| (finding.rule.0, &*finding.site.name)).collect();
    let mut wrong = Vec::new();
    for (name, expected) in &expected {
        let seen = seen(&model, site(&model, name).unwrap());
        let lines = expected.here.lines().into_iter().map(Some).collect();
        if seen.waits != expected.waits || seen.lines != lines || !seen.is_healthy {
            wrong.push(format!("{name}: {:?} at {lines:?}, but {seen:?}", expected.waits));
        }
    }
    // Child processes and blocking threads end with what keeps them.
    drop((expected, inside));
    runtime.shutdown_timeout(DEADLINE);
    assert_eq!(accused, [("P1", LOST)].into(), "{:#?}", report.findings);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn local(here: Here) {
    here.next_line();
    tokio::time::sleep(Duration::from_hours(1)).await;
}

/// A thread that drives `future` as a task of a `LocalSet`, as long as the process lives.
fn in_a_local_set(
    future: impl Future<Output = ()> + Send + 'static,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let _ = Task::new().name(LOCAL).spawn_local(future).unwrap().await;
        });
    })
}

/// Watches the service until the control has been proven lost and every other task is resolved. All
/// tasks were judged by the same censuses, and none of the others may have been accused by any.
async fn judged(address: String, expected: &BTreeMap<&str, Expected>) -> (Model, Report) {
    let mut client = InspectorClient::connect(address).await.unwrap();
    let views = tokio_stream::once(v1::View::from(&View::default()));
    let mut updates = client.watch(views).await.unwrap().into_inner();
    let (mut model, policy) = (Model::default(), Policy::default());
    loop {
        let message = updates.message().await.unwrap().expect("the stream goes on");
        let update = Update::try_from(message).unwrap();
        let complete = update.complete;
        model.apply(update);
        if !complete {
            continue;
        }
        model.review(model.at(), &policy);
        let report = judge(&model, model.at(), &policy);
        for finding in &report.findings {
            assert_eq!(finding.site.name, LOST, "{finding:#?}");
        }
        let confirmed = report.findings.iter().any(|finding| finding.stage == Stage::Confirmed);
        let resolved = expected.keys().all(|name| {
            site(&model, name).is_some_and(|site| {
                let mut stacks =
                    site.clusters.iter().flat_map(|cluster| &cluster.stacks).peekable();
                stacks.peek().is_some()
                    && stacks.all(|id| model.stack(*id).is_some_and(|stack| stack.wait.is_some()))
            })
        });
        if confirmed && resolved {
            return (model, report);
        }
    }
}

/// The site of the task that has that name.
fn site<'a>(model: &'a Model, name: &str) -> Option<&'a SiteFacts> {
    model.sites().find(|site| site.site.name == name)
}

/// What a viewer sees of one task.
#[derive(Debug)]
struct Seen {
    waits: BTreeSet<Wait>,
    lines: BTreeSet<Option<u32>>,
    is_healthy: bool,
}

fn seen(model: &Model, site: &SiteFacts) -> Seen {
    let stacks: Vec<_> = site
        .clusters
        .iter()
        .flat_map(|cluster| &cluster.stacks)
        .filter_map(|id| model.stack(*id))
        .collect();
    let parks: Vec<_> = stacks.iter().filter_map(|stack| stack.park_frame()).collect();
    let has_paths_like_spawn_sites = parks
        .iter()
        .all(|frame| frame.file.as_ref().is_some_and(|file| file.starts_with("server/tests/")));
    let zero_wakers: u64 = site.clusters.iter().map(|cluster| cluster.zero_wakers).sum();
    let parked: u64 = site.clusters.iter().map(|cluster| cluster.parked).sum();
    Seen {
        waits: stacks.iter().filter_map(|stack| stack.wait.clone()).collect(),
        lines: parks.iter().map(|frame| frame.line).collect(),
        is_healthy: (site.live, parked, zero_wakers) == (1, 1, 0) && has_paths_like_spawn_sites,
    }
}
