//! Scenes for scripted agents: a service that leaks, one that does not, and some that cannot be
//! judged.

use std::time::Duration;

use stranded_analysis::facts::{
    Bin, BootId, Cap, Caps, Cluster, Frame, Gauges, History, Hold, Holder, Instrumentation, Moment,
    ParkStack, Place, Registration, ResourceFacts, ResourceId, ResourceKind, ResourceState,
    ResourceTracking, ResourceWait, SiteFacts, SiteId, Source, SpawnSite, StackCapture, StackId,
    TargetInfo, TaskFacts, TaskId, TaskKind, TaskRef, TaskState, Update, Wait, WaitingTask, Wakers,
    Window,
};
use stranded_analysis::histogram::LogHistogram;

/// The boot of every scene that is not about a restart.
pub(crate) const BOOT: BootId = BootId(0x7c1e);

/// `seconds` after the start of the agent.
pub(crate) fn at(seconds: u64) -> Moment {
    Moment(seconds * 1_000_000_000)
}

/// Ten minutes into its life the target is looked at six times, five seconds apart.
pub(crate) fn looks(scene: impl Fn(Moment) -> Update) -> Vec<Update> {
    (0..6)
        .map(|look| {
            let mut update = scene(at(600 + 5 * look));
            update.seq = look + 1;
            update
        })
        .collect()
}

/// A service whose every task returns within a second.
pub(crate) fn healthy(now: Moment) -> Update {
    let mut update = Update::empty(BOOT, 1, now);
    update.target = Some(target());
    update.gauges = Some(gauges(10));
    update.sites = vec![handler(now)];
    update
}

/// The same, with three tasks beside it that lost their waker eight minutes ago.
pub(crate) fn leaking(now: Moment) -> Update {
    let mut update = healthy(now);
    update.gauges = Some(gauges(13));
    update.sites.push(stranded_site());
    update.stacks = vec![stack()];
    update.tasks = vec![stranded_task()];
    update.window = Some(Window { rows: vec![TaskId(41)], matched: 1, query_error: None });
    update
}

/// The same, where task 41 waits for a mutex that task 57 has locked and that ended task 12 had before.
pub(crate) fn locked(now: Moment) -> Update {
    let mut update = leaking(now);
    let task = |id, alive| TaskRef { id: TaskId(id), site: Some(SiteId(2)), alive };
    let mutex = ResourceId(7);
    update.resources = vec![ResourceFacts {
        id: mutex,
        kind: ResourceKind::Mutex,
        place: Some(Place { file: "src/ledger.rs".to_owned(), line: 30, column: 9 }),
        created: at(2),
        created_by: None,
        state: ResourceState::Locked(true),
        holders: vec![Holder {
            task: Some(task(57, true)),
            hold: Hold::Exclusive,
            since: Some(at(90)),
            movable: false,
        }],
        unknown_holders: 0,
        granted: Vec::new(),
        handles: Vec::new(),
        waiting: 1,
        waiting_since: Some(at(101)),
        handed_over: Some(at(90)),
        last_takers: vec![task(57, true), task(12, false)],
        touched_by: None,
    }];
    update.waiting = vec![WaitingTask {
        id: TaskId(41),
        site: SiteId(2),
        state: TaskState::Parked,
        polls: 1,
        parked_since: Some(at(101)),
        settled_since: Some(at(102)),
        wakers: Some(1),
        waits: vec![ResourceWait { resource: mutex, wants: Hold::Exclusive, since: at(101) }],
        only_child: None,
        passed_on: None,
        registrations: Vec::new(),
    }];
    update
}

/// A service that was built without the instrumentation: it looks empty.
pub(crate) fn not_instrumented(now: Moment) -> Update {
    let mut update = healthy(now);
    update.sites.clear();
    update.gauges = Some(Gauges { alive: Some(1_204), ..gauges(0) });
    let missing = Instrumentation::Missing {
        because: "tokio was built without --cfg tokio_unstable".to_owned(),
        fix: "set rustflags = [\"--cfg\", \"tokio_unstable\"] in .cargo/config.toml".to_owned(),
    };
    update.target = Some(TargetInfo { instrumentation: missing, ..target() });
    update
}

/// A service most of whose tasks were spawned before the agent came.
pub(crate) fn low_coverage(now: Moment) -> Update {
    let mut update = healthy(now);
    update.gauges = Some(Gauges { alive: Some(1_204), ..gauges(10) });
    update
}

/// The same service in another process.
pub(crate) fn restarted(mut update: Update) -> Update {
    update.boot = BootId(0x9a02);
    update
}

pub(crate) fn target() -> TargetInfo {
    TargetInfo {
        name: "orders-api".to_owned(),
        pid: 4711,
        host: Some("orders-7c9f".to_owned()),
        source: Source::Agent,
        agent_version: "0.1.0".to_owned(),
        tokio_version: Some("1.54.1".to_owned()),
        caps: Cap::ALL.into_iter().filter(|cap| *cap != Cap::Resources).collect::<Caps>(),
        instrumentation: Instrumentation::Working,
        stacks: StackCapture::FramePointers,
        resources: ResourceTracking::All,
        epoch_unix_ns: None,
        faults: Vec::new(),
    }
}

fn gauges(live: u64) -> Gauges {
    Gauges {
        tracked: live,
        alive: Some(live),
        countable: Some(live),
        spawned: 6_000 + live,
        ended: 6_000,
        workers: Some(2),
        agent_bytes: 1 << 20,
        agent_bytes_cap: 1 << 29,
        viewers: 1,
        ..Gauges::default()
    }
}

/// A site whose tasks come ten a second and return within a second.
fn handler(now: Moment) -> SiteFacts {
    let mut lifetimes = LogHistogram::default();
    for ms in 0..6_000_u64 {
        lifetimes.record(Duration::from_millis(1 + ms % 900));
    }
    SiteFacts {
        first_spawn: at(1),
        last_spawn: now,
        spawned: 6_010,
        returned: 6_000,
        live: 10,
        max_live: 14,
        scheduled: 10,
        lifetimes,
        minutes: history(now, Duration::from_secs(60), 10, 600, 10),
        recent: history(now, Duration::from_secs(5), 24, 50, 10),
        ..site(1, "src/http/serve.rs", 51)
    }
}

/// Three tasks that nothing can wake any more.
fn stranded_site() -> SiteFacts {
    let mut ages = LogHistogram::default();
    for seconds in [480, 490, 500] {
        ages.record(Duration::from_secs(seconds));
    }
    let cluster = Cluster {
        parked: 3,
        current: 3,
        ages,
        zero_wakers: 3,
        zero_wakers_settled: 3,
        zero_wakers_since: Some(at(101)),
        never_woken: 3,
        polls: (1, 1),
        examples: vec![TaskId(41), TaskId(42), TaskId(43)],
        ..Cluster::new(vec![StackId(7)], at(100), at(101))
    };
    SiteFacts {
        first_spawn: at(100),
        last_spawn: at(120),
        spawned: 3,
        live: 3,
        max_live: 3,
        clusters: vec![cluster],
        ..site(2, "src/cache.rs", 88)
    }
}

fn site(id: u32, file: &str, line: u32) -> SiteFacts {
    let place = SpawnSite {
        file: file.to_owned(),
        line,
        column: 9,
        name: String::new(),
        kind: TaskKind::Task,
    };
    SiteFacts { future_bytes: 512, ..SiteFacts::new(SiteId(id), place, Moment(0)) }
}

fn history(now: Moment, width: Duration, bins: u32, spawned: u32, min_live: u32) -> History {
    let bin = Bin { spawned, returned: spawned, ended: spawned, min_live };
    History { start: now.back(width * bins), width, bins: vec![bin; bins as usize] }
}

/// The stack of the stranded tasks.
pub(crate) fn stack() -> ParkStack {
    let frame = |function: &str, line, user| Frame {
        function: function.to_owned(),
        file: Some("src/cache.rs".to_owned()),
        line: Some(line),
        user,
    };
    ParkStack {
        id: StackId(7),
        wait: Some(Wait::OneshotRecv),
        park: Some(1),
        addresses: vec![0x1000, 0x2000],
        frames: vec![
            frame("tokio::sync::oneshot::poll_recv", 1, false),
            frame("orders::cache::fetch", 95, true),
        ],
    }
}

/// One of the stranded tasks.
pub(crate) fn stranded_task() -> TaskFacts {
    TaskFacts {
        id: TaskId(41),
        tokio_id: Some(57),
        site: SiteId(2),
        name: None,
        state: TaskState::Parked,
        spawned: at(100),
        spawner: Some(TaskId(12)),
        spawner_site: Some(SiteId(1)),
        spawner_alive: Some(false),
        polls: 1,
        last_poll: Some(at(101)),
        parked_since: Some(at(101)),
        busy: Duration::from_micros(12),
        scheduled: Duration::from_micros(3),
        wakers: Some(Wakers { live: 0, clones: 3, drops: 3, wakes: 0, self_wakes: 0 }),
        unaccounted: false,
        last_wake: None,
        registrations: vec![Registration { stack: StackId(7), poll: 1 }],
        future_bytes: Some(512),
        original_bytes: None,
        scope: None,
        stranded_since: Some(at(101)),
        own: false,
    }
}
