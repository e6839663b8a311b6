//! An `orders-api` that has run for three days: facts, as its agent would send them.

use std::time::Duration;

use stranded_analysis::facts::{
    Bin, BootId, Cap, Cluster, Frame, Gauges, History, Instrumentation, Moment, ParkStack,
    Registration, ResourceTracking, Scope, SiteFacts, SiteId, Source, SpawnSite, SpawnedBy,
    StackCapture, StackId, TargetInfo, TaskFacts, TaskId, TaskKind, TaskState, Update, View, Wait,
    Wake, WakeSource, Wakers, Window,
};
use stranded_analysis::histogram::LogHistogram;

pub(super) const BOOT: BootId = BootId(0x5d0f_11aa_93c2_7c1e);
pub(super) const CACHE: SiteId = SiteId(1);
pub(super) const HUB: SiteId = SiteId(2);
/// The oldest of the tasks that survive in the cache.
pub(super) const STRANDED: TaskId = TaskId(4711);

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAYS: Duration = Duration::from_secs(273_600);

/// Now, on the target's clock.
pub(super) fn now() -> Moment {
    Moment::default().forward(DAYS)
}

pub(super) fn target() -> TargetInfo {
    TargetInfo {
        name: "orders-api".to_owned(),
        pid: 1,
        host: Some("orders-7c9f".to_owned()),
        source: Source::Agent,
        agent_version: "0.1.0".to_owned(),
        tokio_version: Some("1.54".to_owned()),
        caps: Cap::ALL.into_iter().collect(),
        instrumentation: Instrumentation::Working,
        stacks: StackCapture::FramePointers,
        resources: ResourceTracking::All,
        epoch_unix_ns: Some(1_790_000_000_000_000_000),
        faults: Vec::new(),
    }
}

pub(super) fn gauges(at: Moment) -> Gauges {
    let live: u64 = sites().iter().map(|site| site.live).sum();
    Gauges {
        tracked: live,
        alive: Some(live),
        countable: Some(live),
        own_tasks: 3,
        spawned: 3_900_000,
        ended: 3_900_000 - live,
        workers: Some(8),
        last_poll: Some(at.back(Duration::from_millis(2))),
        rss_bytes: Some(310 << 20),
        open_sockets: Some(450),
        agent_cpu: Some(DAYS.mul_f64(0.004)),
        agent_bytes: 9 << 20,
        agent_bytes_cap: 64 << 20,
        viewers: 1,
        ..Gauges::default()
    }
}

/// Everything; its number comes from the driver.
pub(super) fn census(at: Moment) -> Update {
    Update {
        target: Some(target()),
        gauges: Some(gauges(at)),
        sites: sites(),
        stacks: stacks(),
        ..Update::empty(BOOT, 0, at)
    }
}

/// Only the cache leaks, and only since half a minute.
pub(super) fn candidate(at: Moment) -> Update {
    let mut census = census(at);
    census.sites.retain(|site| site.id.0 > 4);
    let young = (0..5).map(|n| (SECOND * (32 + n), SECOND * (32 + n)));
    census.sites.push(cache().parked(&[1], young).facts);
    count_live(&mut census);
    census
}

/// Makes the gauges agree with the sites.
pub(super) fn count_live(census: &mut Update) {
    let live = census.sites.iter().map(|site| site.live).sum();
    if let Some(gauges) = &mut census.gauges {
        (gauges.tracked, gauges.alive, gauges.countable) = (live, Some(live), Some(live));
    }
}

/// What an agent answers to a view.
pub(super) fn answer(view: &View, at: Moment) -> Update {
    let mut selected: Vec<TaskFacts> =
        tasks().into_iter().filter(|task| view.site.is_none_or(|site| task.site == site)).collect();
    selected.sort_by_key(|task| (task.parked_since, task.id));
    if !view.sort.descending {
        selected.reverse();
    }
    let matched = selected.len() as u64;
    selected.truncate(view.limit as usize);
    let rows = selected.iter().map(|task| task.id).collect();
    let focused = tasks().into_iter().filter(|task| view.focus.contains(&task.id));
    let tasks = selected.iter().cloned().chain(focused).collect();
    Update {
        tasks,
        window: Some(Window { rows, matched, query_error: None }),
        ..Update::empty(BOOT, 0, at)
    }
}

pub(super) fn sites() -> Vec<SiteFacts> {
    vec![
        cache()
            .parked(&[1], cache_ages().map(|age| (age, age)))
            .orphans(5)
            .facts,
        Site::new(2, "src/feed/hub.rs", 61)
            .returned(400, Duration::from_millis(900), Duration::from_secs(4))
            .history(|_| Bin { spawned: 1, returned: 1, ended: 1, min_live: 3 })
            .stranded(&[2], vec![(9 * MINUTE, 8 * MINUTE), (7 * MINUTE, 6 * MINUTE), (5 * MINUTE, 4 * MINUTE)])
            .facts,
        Site::new(3, "src/ws/conn.rs", 214)
            .returned(9_000, Duration::from_millis(300), Duration::from_millis(2_000))
            .history(|_| Bin { spawned: 6, returned: 6, ended: 6, min_live: 1 })
            .parked(&[], [(Duration::from_secs(372), Duration::from_secs(370))])
            .facts,
        Site::new(4, "src/export.rs", 30)
            .first_spawned(48 * SECOND)
            .history(|ago| Bin { spawned: u32::from(ago == 0) * 2, returned: 0, ended: 0, min_live: 0 })
            .parked(&[], [(48 * SECOND, 40 * SECOND), (20 * SECOND, 20 * SECOND)])
            .facts,
        Site::new(5, "src/http/serve.rs", 51)
            .returned(2_400_000, Duration::from_secs(8), Duration::from_secs(112))
            .history(|ago| Bin { spawned: 558, returned: 556, ended: 558, min_live: 690 + (ago * 7) % 13 })
            .parked(&[3], (0..691).map(|n| (n * SECOND / 6, SECOND * (n % 9))))
            .woken_by_driver()
            .facts,
        Site::new(6, "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/hyper-util-0.1.21/src/rt/tokio.rs", 98)
            .returned(1_490_000, Duration::from_secs(31), Duration::from_secs(240))
            .history(|ago| Bin { spawned: 252, returned: 252, ended: 252, min_live: 430 + (ago * 5) % 11 })
            .parked(&[4], (0..437).map(|n| (n * SECOND / 2, SECOND * (n % 50))))
            .woken_by_driver()
            .facts,
        Site::new(7, "src/db/pool.rs", 60).resident(16, &[5], 3 * SECOND).facts,
        Site::new(8, "src/jobs/poll.rs", 17).resident(8, &[6], 41 * SECOND).woken_by_driver().facts,
        Site::new(9, "src/server.rs", 71).resident(4, &[7], 2 * SECOND).woken_by_driver().facts,
    ]
}

/// The site that leaks.
fn cache() -> Site {
    Site::new(1, "src/cache.rs", 88)
        .returned(2_124, Duration::from_millis(12), Duration::from_millis(170))
        .history(|ago| Bin {
            spawned: 36,
            returned: 35,
            ended: 35,
            min_live: 42_u32.saturating_sub(ago),
        })
}

/// Ages of the tasks that survive in the cache, oldest first.
fn cache_ages() -> impl Iterator<Item = Duration> {
    (0..36).map(|n| Duration::from_secs(2_467 - 67 * n))
}

pub(super) fn tasks() -> Vec<TaskFacts> {
    let mut tasks: Vec<TaskFacts> = cache_ages()
        .enumerate()
        .map(|(n, age)| TaskFacts {
            registrations: vec![Registration { stack: StackId(1), poll: 2 }],
            spawner: Some(TaskId(4702 + 31 * n as u64)),
            spawner_site: Some(SiteId(5)),
            spawner_alive: Some(false),
            scope: Some(Scope {
                name: "GET /k".to_owned(),
                opener: Some(TaskId(4702 + 31 * n as u64)),
                ended: Some(now().back(age.saturating_sub(Duration::from_millis(150)))),
            }),
            ..task(STRANDED.0 + 31 * n as u64, CACHE, age, age)
        })
        .collect();
    for (n, (age, parked)) in [(9, 8), (7, 6), (5, 4)].into_iter().enumerate() {
        tasks.push(TaskFacts {
            name: Some(format!("feed-{n}")),
            polls: 4,
            wakers: Some(Wakers { live: 0, clones: 3, drops: 3, wakes: 2, self_wakes: 0 }),
            registrations: vec![Registration { stack: StackId(2), poll: 3 }],
            stranded_since: Some(now().back(parked * MINUTE)),
            ..task(9001 + n as u64, HUB, age * MINUTE, parked * MINUTE)
        });
    }
    tasks
}

/// A parked task of the given age, parked for so long.
fn task(id: u64, site: SiteId, age: Duration, parked: Duration) -> TaskFacts {
    TaskFacts {
        id: TaskId(id),
        tokio_id: Some(id * 3),
        site,
        name: None,
        state: TaskState::Parked,
        spawned: now().back(age),
        spawner: None,
        spawner_site: None,
        spawner_alive: None,
        polls: 2,
        last_poll: Some(now().back(parked)),
        parked_since: Some(now().back(parked)),
        busy: Duration::from_micros(184),
        scheduled: Duration::from_micros(31),
        wakers: Some(Wakers { live: 1, clones: 2, drops: 1, wakes: 1, self_wakes: 0 }),
        unaccounted: false,
        last_wake: Some(Wake { at: now().back(parked), by: WakeSource::Driver }),
        registrations: Vec::new(),
        future_bytes: Some(1_312),
        original_bytes: None,
        scope: None,
        stranded_since: None,
        own: false,
    }
}

pub(super) fn stacks() -> Vec<ParkStack> {
    let stack =
        |id, wait: Wait, park: Option<usize>, frames: &[(&str, &str, u32, bool)]| ParkStack {
            id: StackId(id),
            wait: Some(wait),
            park,
            addresses: (0..frames.len() as u64).map(|n| 0x55d0_1000 + 64 * n).collect(),
            frames: frames
                .iter()
                .map(|(function, file, line, user)| Frame {
                    function: (*function).to_owned(),
                    file: Some((*file).to_owned()),
                    line: Some(*line),
                    user: *user,
                })
                .collect(),
        };
    let hyper = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/hyper-1.12.0/src/proto/h1/dispatch.rs";
    vec![
        stack(
            1,
            Wait::OneshotRecv,
            Some(1),
            &[
                (
                    "tokio::sync::oneshot::Receiver<T>::poll",
                    "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tokio-1.54.1/src/sync/oneshot.rs",
                    1204,
                    false,
                ),
                ("orders_api::cache::Cache::claim", "src/cache.rs", 95, true),
                ("orders_api::cache::refresh::{{closure}}", "src/cache.rs", 90, true),
            ],
        ),
        stack(
            2,
            Wait::Other("orders_api::feed::Slot".to_owned()),
            Some(0),
            &[
                ("orders_api::feed::hub::Slot::poll", "src/feed/hub.rs", 77, true),
                ("orders_api::feed::hub::follow::{{closure}}", "src/feed/hub.rs", 64, true),
            ],
        ),
        stack(
            3,
            Wait::Sleep,
            Some(0),
            &[("orders_api::http::serve::slow_start", "src/http/serve.rs", 70, true)],
        ),
        stack(
            4,
            Wait::TcpRead,
            None,
            &[("hyper::proto::h1::dispatch::Dispatcher::poll_read", hyper, 210, false)],
        ),
        stack(
            5,
            Wait::Semaphore,
            Some(0),
            &[("orders_api::db::pool::Pool::get", "src/db/pool.rs", 71, true)],
        ),
        stack(
            6,
            Wait::Interval,
            Some(0),
            &[("orders_api::jobs::poll::run", "src/jobs/poll.rs", 22, true)],
        ),
        stack(
            7,
            Wait::Accept,
            Some(0),
            &[("orders_api::server::listen", "src/server.rs", 74, true)],
        ),
    ]
}

/// Builds the facts of one site.
struct Site {
    facts: SiteFacts,
}

impl Site {
    fn new(id: u32, file: &str, line: u32) -> Self {
        let place = SpawnSite {
            file: file.to_owned(),
            line,
            column: 9,
            name: String::new(),
            kind: TaskKind::Task,
        };
        let first_spawn = Moment::default().forward(60 * MINUTE);
        let facts = SiteFacts {
            last_spawn: now().back(SECOND),
            future_bytes: 1_312,
            ..SiteFacts::new(SiteId(id), place, first_spawn)
        };
        Self { facts }
    }

    /// So many returned, most after `usual`, one in fifty after `late`.
    fn returned(mut self, count: u64, usual: Duration, late: Duration) -> Self {
        let slow = count / 50;
        for (value, times) in [(usual, count - slow), (late, slow)] {
            let bucket = stranded_analysis::histogram::bucket_of(value.as_nanos() as u64);
            self.facts.lifetimes.add(bucket, times);
        }
        self.facts.returned = count;
        self.facts.spawned += count;
        self
    }

    /// Six hours of minutes and two of bins of five seconds, from how many minutes ago a bin is.
    fn history(mut self, bin: impl Fn(u32) -> Bin) -> Self {
        let minutes: Vec<Bin> = (0..360).rev().map(&bin).collect();
        let fine = |bin: Bin| Bin {
            spawned: bin.spawned.div_ceil(12),
            returned: bin.returned / 12,
            ended: bin.ended / 12,
            min_live: bin.min_live,
        };
        self.facts.minutes =
            History { start: now().back(360 * MINUTE), width: MINUTE, bins: minutes };
        self.facts.recent = History {
            start: now().back(2 * MINUTE),
            width: 5 * SECOND,
            bins: vec![fine(bin(0)); 24],
        };
        self
    }

    /// Live tasks that wait with these stacks: each with its age and how long it has been parked.
    fn parked(
        mut self,
        stacks: &[u32],
        tasks: impl IntoIterator<Item = (Duration, Duration)>,
    ) -> Self {
        let tasks: Vec<_> = tasks.into_iter().collect();
        let count = tasks.len() as u64;
        let mut ages = LogHistogram::default();
        for (age, _) in &tasks {
            ages.record(*age);
        }
        let oldest = |pick: fn(&(Duration, Duration)) -> Duration| {
            tasks.iter().map(pick).max().unwrap_or_default()
        };
        let id = self.facts.id;
        self.facts.clusters.push(Cluster {
            parked: count,
            current: count,
            ages,
            woken_by_task: count,
            last_wake: Some(now().back(oldest(|task| task.1))),
            polls: (2, 2),
            examples: super::fixture::tasks()
                .iter()
                .filter(|task| task.site == id)
                .take(5)
                .map(|t| t.id)
                .collect(),
            ..Cluster::new(
                stacks.iter().map(|id| StackId(*id)).collect(),
                now().back(oldest(|task| task.0)),
                now().back(oldest(|task| task.1)),
            )
        });
        self.facts.live = count;
        self.facts.max_live = count;
        self.facts.spawned += count;
        self
    }

    /// The same, with no live waker, in an earlier poll than the latest.
    fn stranded(self, stacks: &[u32], tasks: Vec<(Duration, Duration)>) -> Self {
        let longest = tasks.iter().map(|task| task.1).max().unwrap_or_default();
        let mut site = self.parked(stacks, tasks);
        for cluster in &mut site.facts.clusters {
            cluster.current = 0;
            cluster.zero_wakers = cluster.parked;
            cluster.zero_wakers_settled = cluster.parked;
            cluster.zero_wakers_since = Some(now().back(longest));
        }
        site
    }

    /// New: its first task was spawned so long ago.
    fn first_spawned(mut self, ago: Duration) -> Self {
        self.facts.first_spawn = now().back(ago);
        self
    }

    /// Tasks that live since the process began.
    fn resident(mut self, count: u32, stacks: &[u32], parked: Duration) -> Self {
        self = self.history(|_| Bin { min_live: count, ..Bin::default() });
        self.facts.first_spawn = Moment(1_000_000);
        self.facts.last_spawn = Moment(2_000_000);
        self.parked(stacks, vec![(now().since(Moment(1_000_000)), parked); count as usize])
    }

    fn woken_by_driver(mut self) -> Self {
        for cluster in &mut self.facts.clusters {
            (cluster.woken_by_driver, cluster.woken_by_task) = (cluster.parked, 0);
            cluster.last_wake = Some(now().back(SECOND));
        }
        self
    }

    /// All of its tasks were spawned by tasks of that site, which have ended.
    fn orphans(mut self, spawner: u32) -> Self {
        let live = self.facts.live;
        self.facts.spawned_by.push(SpawnedBy { site: Some(SiteId(spawner)), live, orphans: live });
        self
    }
}
