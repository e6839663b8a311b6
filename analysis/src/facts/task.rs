//! Single tasks: the rows of a bounded window.

use std::time::Duration;

use super::{Moment, SiteId, StackId};

/// The agent's id of a task, unique within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskState {
    /// Being polled.
    Running,
    /// Woken, or new, and waiting for a worker.
    Scheduled,
    /// Polled at least once, not running, not woken since.
    Parked,
    /// A state that this build does not know.
    Unknown,
}

impl TaskState {
    /// The word for it in filters, JSON and rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Scheduled => "scheduled",
            Self::Parked => "parked",
            Self::Unknown => "unknown",
        }
    }
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// Its future completed.
    Returned,
    /// Its future was dropped before it completed.
    Cancelled,
    /// Its future panicked.
    Panicked,
    /// A way that this build does not know, or that the source cannot tell.
    Unknown,
}

impl Ending {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
            Self::Unknown => "ended",
        }
    }
}

/// One live task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskFacts {
    /// The agent's id.
    pub id: TaskId,
    /// Tokio's own id, as `task::Id` prints it.
    pub tokio_id: Option<u64>,
    /// Its spawn site.
    pub site: SiteId,
    /// Its full name; `None` if unnamed.
    pub name: Option<String>,
    /// What it is doing.
    pub state: TaskState,
    /// When it was spawned.
    pub spawned: Moment,
    /// The task that spawned it; `None`: spawned outside any task, or unknown.
    pub spawner: Option<TaskId>,
    /// The spawner's site; outlives the spawner.
    pub spawner_site: Option<SiteId>,
    /// Whether the spawner is still alive.
    pub spawner_alive: Option<bool>,
    /// How often it was polled.
    pub polls: u64,
    /// Start of the latest poll.
    pub last_poll: Option<Moment>,
    /// End of the latest poll: since when it has not run. `None` while running or never polled.
    pub parked_since: Option<Moment>,
    /// Time spent in polls.
    pub busy: Duration,
    /// Time spent between wake and poll.
    pub scheduled: Duration,
    /// Its wakers; `None` where a count means nothing (blocking, `block_on`) or is unreliable.
    pub wakers: Option<Wakers>,
    /// Whether the waker count is known to be wrong for this task.
    pub unaccounted: bool,
    /// Its latest wake; `None`: never woken.
    pub last_wake: Option<Wake>,
    /// Where wakers of it were last registered, latest first; at most two.
    pub registrations: Vec<Registration>,
    /// Size of its future in bytes.
    pub future_bytes: Option<u64>,
    /// Size before Tokio boxed it, if it did.
    pub original_bytes: Option<u64>,
    /// The request in which it was spawned.
    pub scope: Option<Scope>,
    /// Since when it has been seen parked with no live waker and no change, if it is.
    pub stranded_since: Option<Moment>,
    /// Whether it is one of the agent's own tasks.
    pub own: bool,
}

/// The wakers of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wakers {
    /// Wakers that exist now, outside of a poll's borrowed one.
    pub live: u64,
    /// Clones ever made.
    pub clones: u64,
    /// Clones dropped, or consumed by a wake.
    pub drops: u64,
    /// Wakes performed.
    pub wakes: u64,
    /// Of the wakes, those by the task itself during its own poll.
    pub self_wakes: u64,
}

/// A wake of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: WakeSource,
}

/// Who performed a wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeSource {
    /// A task, on whose stack the wake was called, and its site if still known.
    Task(TaskId, Option<SiteId>),
    /// A worker thread outside of any task: a timer or the I/O driver.
    Driver,
    /// A thread that runs no tasks.
    Thread,
    /// Not known.
    Unknown,
}

/// Where a waker of a task was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The stack of the registering call.
    pub stack: StackId,
    /// In which poll of the task, from 1.
    pub poll: u64,
}

/// The request span that was entered when a task was spawned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Name of the span.
    pub name: String,
    /// The task that opened the span.
    pub opener: Option<TaskId>,
    /// When the request was seen to have ended; `None`: it has not.
    pub ended: Option<Moment>,
}
