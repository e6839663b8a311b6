//! How long a look at a very large service takes: 2,000 spawn sites with 51 clusters of parked tasks each, and
//! 100,000 task rows; and how long the largest wait graph takes.
//!
//! ```text
//! cargo bench -p stranded-analysis --bench judge
//! ```

use std::time::Duration;

use stranded_analysis::facts::{
    Bin, BootId, Cap, Cluster, Frame, Gauges, History, Hold, Holder, Instrumentation, Moment,
    ParkStack, Registration, ResourceFacts, ResourceId, ResourceKind, ResourceState,
    ResourceTracking, ResourceWait, SiteFacts, SiteId, Source, SpawnSite, StackCapture, StackId,
    TargetInfo, TaskFacts, TaskId, TaskKind, TaskRef, TaskState, Timers, Update, Wait, WaitingTask,
    Window,
};
use stranded_analysis::histogram::LogHistogram;
use stranded_analysis::reach::Reach;
use stranded_analysis::{Model, Policy, judge};

const SITES: u32 = 2_000;
const CLUSTERS: u32 = 51;
const ROWS: u64 = 100_000;
const HOURS: u64 = 6;

fn main() {
    divan::main();
}

/// The first look after a census in which everything changed: where all tasks wait is worked out anew.
#[divan::bench(sample_count = 30)]
fn review_of_a_new_census(bencher: divan::Bencher) {
    let (model, policy) = (large(), Policy::default());
    bencher.with_inputs(|| model.clone()).bench_local_values(|mut model| {
        let now = model.at();
        model.review(now, &policy);
        model
    });
}

/// What follows in every viewer, and whenever a report is asked for again.
#[divan::bench]
fn judge_after_the_review(bencher: divan::Bencher) {
    let (mut model, policy) = (large(), Policy::default());
    let now = model.at();
    model.review(now, &policy);
    bencher.bench_local(|| judge(divan::black_box(&model), now, &policy));
}

/// Who is stranded in the largest wait graph that an agent tells, of which every task is: the worst case.
#[divan::bench(args = [512, 4_096])]
fn reach_of_a_chain_of_locks(bencher: divan::Bencher, tasks: u64) {
    let (model, policy) = (chain(tasks), Policy::default());
    assert_eq!(Reach::of(&model, &policy).stranded().count() as u64, tasks);
    bencher.bench_local(|| Reach::of(divan::black_box(&model), &policy));
}

/// Half of the tasks hold a lock each and wait for that of the next, the last for the first; the others wait as well.
fn chain(tasks: u64) -> Model {
    let (now, locks) = (minutes(10), tasks / 2);
    let holder = |id: u64| TaskRef { id: TaskId(id), site: Some(SiteId(0)), alive: true };
    let mut update = Update::empty(BootId(7), 1, now);
    update.target = Some(target());
    update.sites = vec![site(0, now)];
    update.resources = (0..locks).map(|id| lock(id, holder(id + 1))).collect();
    update.waiting = (1..=tasks).map(|id| waiter(id, ResourceId(id % locks))).collect();
    let mut model = Model::default();
    model.apply(update);
    model
}

fn lock(id: u64, holder: TaskRef) -> ResourceFacts {
    let hold = Hold::Exclusive;
    ResourceFacts {
        id: ResourceId(id),
        kind: ResourceKind::Mutex,
        place: None,
        created: minutes(1),
        created_by: Some(holder),
        state: ResourceState::Locked(true),
        holders: vec![Holder { task: Some(holder), hold, since: None, movable: false }],
        unknown_holders: 0,
        granted: Vec::new(),
        handles: Vec::new(),
        waiting: 2,
        waiting_since: Some(minutes(2)),
        handed_over: None,
        last_takers: Vec::new(),
        touched_by: None,
    }
}

fn waiter(id: u64, resource: ResourceId) -> WaitingTask {
    WaitingTask {
        id: TaskId(id),
        site: SiteId(0),
        state: TaskState::Parked,
        polls: 2,
        parked_since: Some(minutes(2)),
        settled_since: Some(minutes(2)),
        wakers: Some(1),
        waits: vec![ResourceWait { resource, wants: Hold::Exclusive, since: minutes(2) }],
        only_child: None,
        passed_on: None,
        registrations: Vec::new(),
    }
}

fn large() -> Model {
    let now = minutes(HOURS * 60);
    let mut update = Update::empty(BootId(7), 1, now);
    update.target = Some(target());
    update.gauges = Some(Gauges {
        tracked: ROWS,
        alive: Some(ROWS),
        countable: Some(ROWS),
        open_sockets: Some(10_000),
        last_poll: Some(now),
        ..Gauges::default()
    });
    update.sites = (0..SITES).map(|id| site(id, now)).collect();
    update.stacks = (0..SITES * CLUSTERS / 4).map(stack).collect();
    update.tasks = (1..=ROWS).map(|id| row(id, now)).collect();
    let rows = update.tasks.iter().map(|task| task.id).collect();
    update.window = Some(Window { rows, matched: ROWS, query_error: None });
    let mut model = Model::default();
    model.apply(update);
    assert!(judge(&model.clone(), now, &Policy::default()).findings.len() > SITES as usize / 10);
    model
}

fn minutes(n: u64) -> Moment {
    Moment(0).forward(Duration::from_secs(60 * n))
}

fn target() -> TargetInfo {
    TargetInfo {
        name: "large".to_owned(),
        pid: 1,
        host: None,
        source: Source::Agent,
        agent_version: "0.1.0".to_owned(),
        tokio_version: None,
        caps: Cap::ALL.into_iter().collect(),
        instrumentation: Instrumentation::Working,
        stacks: StackCapture::FramePointers,
        resources: ResourceTracking::All,
        epoch_unix_ns: None,
        faults: Vec::new(),
    }
}

/// A tenth of the sites never saw a task return and grow; the others have a norm, and a tenth of all sites have
/// survivors as well.
fn site(id: u32, now: Moment) -> SiteFacts {
    let place = SpawnSite {
        file: format!("/home/build/service/crates/module-{}/src/handler.rs", id % 100),
        line: id,
        column: 9,
        name: String::new(),
        kind: TaskKind::Task,
    };
    let grows = id.is_multiple_of(10);
    let live = u64::from(CLUSTERS) * 10;
    let mut lifetimes = LogHistogram::default();
    if !grows {
        for ms in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233] {
            lifetimes.add(bucket(ms), 1_000);
        }
    }
    let returned = lifetimes.count();
    SiteFacts {
        last_spawn: now,
        spawned: returned + live,
        returned,
        live,
        max_live: live,
        future_bytes: 1024,
        lifetimes,
        park_times: [1u64, 10, 100, 1_000].into_iter().fold(
            LogHistogram::default(),
            |mut gaps, ms| {
                gaps.add(bucket(ms), 500);
                gaps
            },
        ),
        minutes: history(now, 60, 360, |at| if grows { at } else { 500 + (at * 7919) % 23 }),
        recent: history(now, 5, 24, |at| 500 + (at * 7919) % 23),
        clusters: (0..CLUSTERS).map(|at| cluster(id, at, now)).collect(),
        ..SiteFacts::new(SiteId(id), place, minutes(1))
    }
}

fn bucket(ms: u64) -> usize {
    stranded_analysis::histogram::bucket_of(ms * 1_000_000)
}

fn history(now: Moment, width: u32, bins: u32, live: impl Fn(u32) -> u32) -> History {
    let width = Duration::from_secs(u64::from(width));
    let bins: Vec<Bin> = (0..bins)
        .map(|at| Bin { spawned: 30, returned: 29, ended: 29, min_live: live(at) })
        .collect();
    History { start: now.back(width * bins.len() as u32), width, bins }
}

fn cluster(site: u32, at: u32, now: Moment) -> Cluster {
    let stuck = site % 10 == 1 || site.is_multiple_of(10);
    let stack = |n: u32| StackId((site * CLUSTERS + n) / 4 % (SITES * CLUSTERS / 4));
    let parked = now.back(Duration::from_secs(u64::from(at * if stuck { 13 } else { 0 }) + 1));
    let mut ages = LogHistogram::default();
    for n in 0..10 {
        ages.record(Duration::from_secs(u64::from(if stuck { at * 20 } else { 1 } + n)));
    }
    let mut cluster = Cluster::new(vec![stack(at), stack(at + 3)], minutes(30), parked);
    cluster.parked = 10;
    cluster.current = 10;
    cluster.ages = ages;
    cluster.woken_by_task = 10;
    cluster.last_wake = Some(parked);
    cluster.polls = (2, 40);
    cluster.timers = at.is_multiple_of(5).then(|| Timers {
        tasks: 10,
        soonest: now.forward(Duration::from_secs(1)),
        latest: now.forward(Duration::from_secs(30)),
    });
    cluster.examples = (1..=3).map(|n| TaskId(u64::from(site * 50 + n))).collect();
    cluster
}

fn stack(id: u32) -> ParkStack {
    let frame = |depth: u32| Frame {
        function: format!("service::module_{id}::handler::step_{depth}::{{{{closure}}}}"),
        file: Some(format!("/home/build/service/crates/module-{}/src/handler.rs", id % 100)),
        line: Some(id + depth),
        user: depth > 2,
    };
    ParkStack {
        id: StackId(id),
        wait: Some(Wait::NAMED[id as usize % Wait::NAMED.len()].clone()),
        park: Some(3),
        addresses: (0..12).map(|depth| u64::from(id * 64 + depth)).collect(),
        frames: (0..12).map(frame).collect(),
    }
}

fn row(id: u64, now: Moment) -> TaskFacts {
    TaskFacts {
        id: TaskId(id),
        tokio_id: Some(id),
        site: SiteId((id / 50) as u32),
        name: None,
        state: TaskState::Parked,
        spawned: minutes(30),
        spawner: None,
        spawner_site: None,
        spawner_alive: None,
        polls: 2,
        last_poll: Some(now),
        parked_since: Some(now),
        busy: Duration::ZERO,
        scheduled: Duration::ZERO,
        wakers: None,
        unaccounted: false,
        last_wake: None,
        registrations: vec![Registration { stack: StackId(id as u32 % 1000), poll: 2 }],
        future_bytes: Some(1024),
        original_bytes: None,
        scope: None,
        stranded_since: None,
        own: false,
    }
}
