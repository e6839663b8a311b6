//! Spawn sites: the unit in which people think, the transport works and the rules judge.

use std::time::Duration;

use super::{Moment, Place, ResourceId, StackId, TaskId, TaskRef};
use crate::histogram::LogHistogram;

/// A spawn site's number within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(pub u32);

/// What kind of thing was spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskKind {
    /// `tokio::spawn` and its relatives.
    Task,
    /// `spawn_local`.
    Local,
    /// `spawn_blocking`. It has no task waker.
    Blocking,
    /// A future under `block_on`. It has no task waker.
    BlockOn,
    /// A kind that this build does not know.
    Unknown,
}

impl TaskKind {
    /// The word for it in JSON, filters and columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Local => "local",
            Self::Blocking => "blocking",
            Self::BlockOn => "block_on",
            Self::Unknown => "unknown",
        }
    }

    /// Whether such a task is woken through task wakers, so that their count says whether it can run.
    pub fn has_wakers(self) -> bool {
        matches!(self, Self::Task | Self::Local)
    }
}

/// The place that spawns: location, kind and name with digits folded (`conn-123` is `conn-#`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpawnSite {
    /// Source file as the compiler recorded it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// Folded task name; empty if unnamed.
    pub name: String,
    /// Kind of the tasks.
    pub kind: TaskKind,
}

/// Everything known of one spawn site, since process start unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteFacts {
    /// Its number.
    pub id: SiteId,
    /// Its place.
    pub site: SpawnSite,
    /// The first spawn.
    pub first_spawn: Moment,
    /// The latest spawn.
    pub last_spawn: Moment,
    /// Tasks spawned.
    pub spawned: u64,
    /// Tasks whose future completed.
    pub returned: u64,
    /// Tasks dropped before they completed: aborted, or their runtime went away.
    pub cancelled: u64,
    /// Tasks that ended by a panic.
    pub panicked: u64,
    /// Tasks alive now.
    pub live: u64,
    /// The most that were ever alive at a census.
    pub max_live: u64,
    /// Of the live ones: being polled now.
    pub running: u64,
    /// Of the live ones: woken (or new) and waiting for a worker.
    pub scheduled: u64,
    /// Size of the largest future seen, in bytes.
    pub future_bytes: u64,
    /// Lifetimes of the returned tasks.
    pub lifetimes: LogHistogram,
    /// Lifetimes of the cancelled tasks.
    pub cancelled_lifetimes: LogHistogram,
    /// Durations of single polls.
    pub poll_times: LogHistogram,
    /// Times from wake to poll.
    pub scheduled_times: LogHistogram,
    /// Times from the end of a poll to the wake that ended the wait: the gaps between its wakes.
    pub park_times: LogHistogram,
    /// What happened minute by minute, up to the last six hours.
    pub minutes: History,
    /// What happened in bins of five seconds, over the last two minutes.
    pub recent: History,
    /// The live parked tasks, grouped by what they wait for.
    pub clusters: Vec<Cluster>,
    /// Where its live tasks were spawned from, most frequent first; a bounded number of entries.
    pub spawned_by: Vec<SpawnedBy>,
    /// The stacks from which live tasks were spawned, most frequent first: a sample, and a bounded number.
    pub spawn_stacks: Vec<StackCount>,
    /// How long the running tasks have been in their current poll.
    pub running_for: LogHistogram,
    /// Ended tasks whose memory is pinned by a waker that somebody still holds; `None`: there are none.
    pub zombies: Option<Zombies>,
    /// Tasks that tasks of this site have spawned.
    pub children: u64,
    /// Tasks that looked proven stranded (no live waker through the settle time) and were polled again.
    pub revived: u64,
    /// Whether these are the agent's own tasks.
    pub own: bool,
}

impl SiteFacts {
    /// A site of which nothing is known yet but where it is, and when its first task was spawned.
    pub fn new(id: SiteId, site: SpawnSite, first_spawn: Moment) -> Self {
        Self {
            id,
            site,
            first_spawn,
            last_spawn: first_spawn,
            spawned: 0,
            returned: 0,
            cancelled: 0,
            panicked: 0,
            live: 0,
            max_live: 0,
            running: 0,
            scheduled: 0,
            future_bytes: 0,
            lifetimes: LogHistogram::default(),
            cancelled_lifetimes: LogHistogram::default(),
            poll_times: LogHistogram::default(),
            scheduled_times: LogHistogram::default(),
            park_times: LogHistogram::default(),
            minutes: History::default(),
            recent: History::default(),
            clusters: Vec::new(),
            spawned_by: Vec::new(),
            spawn_stacks: Vec::new(),
            running_for: LogHistogram::default(),
            zombies: None,
            children: 0,
            revived: 0,
            own: false,
        }
    }

    /// Tasks that have ended in any way.
    pub fn ended(&self) -> u64 {
        self.returned + self.cancelled + self.panicked
    }
}

/// A run of equal time bins, oldest first. The last bin is still filling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The start of the first bin.
    pub start: Moment,
    /// The width of a bin.
    pub width: Duration,
    /// The bins.
    pub bins: Vec<Bin>,
}

/// One time bin of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// Tasks spawned in it.
    pub spawned: u32,
    /// Tasks that returned in it.
    pub returned: u32,
    /// Tasks that ended in it in any way.
    pub ended: u32,
    /// The least number of live tasks seen in it.
    pub min_live: u32,
}

/// Live, parked tasks of one site that wait with the same stacks.
///
/// Several clusters can share a park point: the same line reached through different callers.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// The one or two distinct stacks last registered by these tasks (two: a `select!`); none if unknown.
    pub stacks: Vec<StackId>,
    /// How many tasks.
    pub parked: u64,
    /// Of them, those whose stack was captured in their latest poll. For the others it is where a
    /// waker was *last registered*, maybe in an earlier poll.
    pub current: u64,
    /// Ages since spawn.
    pub ages: LogHistogram,
    /// Since when the one that has been parked longest is parked.
    pub oldest_parked: Moment,
    /// When the oldest was spawned.
    pub oldest_spawned: Moment,
    /// Tasks with no live waker at all, and a reliable count.
    pub zero_wakers: u64,
    /// Of them, those seen so without any change through the settle time, while the runtime went on.
    pub zero_wakers_settled: u64,
    /// Since when the first of the settled ones is parked.
    pub zero_wakers_since: Option<Moment>,
    /// Tasks whose waker count is unreliable.
    pub unaccounted: u64,
    /// Of the tasks, by who performed their latest wake: never woken.
    pub never_woken: u64,
    /// Latest wake by a timer or the I/O driver.
    pub woken_by_driver: u64,
    /// Latest wake by another task.
    pub woken_by_task: u64,
    /// The latest wake of any of them.
    pub last_wake: Option<Moment>,
    /// Polls of the task with the fewest, and of the one with the most.
    pub polls: (u64, u64),
    /// Of the tasks: those that only tasks have woken, as far as remembered, and all of those tasks have ended.
    pub waker_gone: u64,
    /// Since when the last of these wakers is gone, for the task that has missed its wakers longest.
    pub waker_gone_since: Option<Moment>,
    /// The task that woke one of the tasks last.
    pub last_waker: Option<TaskRef>,
    /// Tasks whose request scope has ended; `None` where scopes are not known.
    pub outlived: Option<Outlived>,
    /// Tasks that were told to stop; `None`: none, as far as known.
    pub cancelled: Option<Cancelled>,
    /// Tasks with a timer of their own whose due time is known; `None`: none.
    pub timers: Option<Timers>,
    /// The resources they wait for, most frequent first; a bounded number.
    pub waits: Vec<ResourceCount>,
    /// A few of the tasks, longest parked first; those without a waker before the others.
    pub examples: Vec<TaskId>,
}

impl Cluster {
    /// A cluster without tasks at `stacks`.
    pub fn new(stacks: Vec<StackId>, oldest_spawned: Moment, oldest_parked: Moment) -> Self {
        Self {
            stacks,
            parked: 0,
            current: 0,
            ages: LogHistogram::default(),
            oldest_parked,
            oldest_spawned,
            zero_wakers: 0,
            zero_wakers_settled: 0,
            zero_wakers_since: None,
            unaccounted: 0,
            never_woken: 0,
            woken_by_driver: 0,
            woken_by_task: 0,
            last_wake: None,
            polls: (0, 0),
            waker_gone: 0,
            waker_gone_since: None,
            last_waker: None,
            outlived: None,
            cancelled: None,
            timers: None,
            waits: Vec::new(),
            examples: Vec::new(),
        }
    }
}

/// Tasks that outlive the request in which they were spawned.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlived {
    /// How long ago their scopes ended.
    pub ended_ago: LogHistogram,
    /// Name of the span of one of the scopes.
    pub scope: String,
    /// The task that opened that scope.
    pub opener: Option<TaskId>,
}

/// Tasks that were told to stop and go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Cancelled {
    /// How many.
    pub tasks: u64,
    /// How long ago.
    pub ago: LogHistogram,
    /// How that is known.
    pub seen: CancelSeen,
    /// The task that cancelled; `None`: outside any task, or not known.
    pub by: Option<TaskRef>,
    /// Where the token was created; `None`: not known.
    pub token: Option<Place>,
}

/// How it is known that a task was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CancelSeen {
    /// It was itself woken by the cancellation.
    Woken,
    /// It waited on a token before, and tasks of the same spawner or request were woken by the cancellation.
    Sibling,
    /// A way that this build does not know.
    Unknown,
}

/// The timers of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Tasks with such a timer.
    pub tasks: u64,
    /// When the first of them fires.
    pub soonest: Moment,
    /// When the last of them fires.
    pub latest: Moment,
}

/// How many tasks have something to do with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceCount {
    /// Which.
    pub resource: ResourceId,
    /// How many tasks.
    pub tasks: u64,
}

/// How many tasks have a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackCount {
    /// Which.
    pub stack: StackId,
    /// How many tasks.
    pub tasks: u64,
}

/// Ended tasks of a site whose memory a waker pins.
#[derive(Clone, Debug, PartialEq)]
pub struct Zombies {
    /// How many.
    pub tasks: u64,
    /// Size of their futures together, in bytes.
    pub bytes: u64,
    /// Wakers that pin them.
    pub wakers: u64,
    /// How long ago they ended.
    pub ended_ago: LogHistogram,
    /// Where they last registered a waker, most frequent first; a bounded number.
    pub stacks: Vec<StackCount>,
}

/// Who spawned live tasks of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpawnedBy {
    /// The site of the spawning task; `None`: spawned outside any task.
    pub site: Option<SiteId>,
    /// How many live tasks.
    pub live: u64,
    /// Of them, those whose spawner has ended.
    pub orphans: u64,
}
