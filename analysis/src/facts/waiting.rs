//! The wait graph: which task waits for which resource or task.

use super::{Hold, Moment, Registration, ResourceId, SiteId, TaskId, TaskState};

/// A task that waits for a resource, that holds one for which others wait, or whose end somebody awaits.
///
/// A bounded number of them; [`super::Gauges::waiting_omitted`] counts the others, of which nothing may be concluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingTask {
    /// Which.
    pub id: TaskId,
    /// Its spawn site.
    pub site: SiteId,
    /// What it is doing.
    pub state: TaskState,
    /// Polls so far.
    pub polls: u64,
    /// When its last poll ended; `None`: not polled yet.
    pub parked_since: Option<Moment>,
    /// Since when it has been seen parked and unchanged (polls, wakes, clones, drops), once that is longer than the
    /// settle time while its runtime went on, and unless it may have been woken unseen.
    pub settled_since: Option<Moment>,
    /// Its live wakers; `None`: the count is unreliable.
    pub wakers: Option<u64>,
    /// What it waits for. Only operations that were polled in its latest poll, hold a waker that the task registered
    /// in them, and of which none was dropped since. A waker beyond these is held by something unseen.
    pub waits: Vec<ResourceWait>,
    /// The only live task that it has spawned; `None`: none, several, or not known.
    pub only_child: Option<TaskId>,
    /// When it may last have passed on what it had, a guard or a future that has begun: it spawned a task, or one of its
    /// wakers was dropped by somebody else, as happens when that future is polled elsewhere. `None`: never, as far as
    /// known.
    pub passed_on: Option<Moment>,
    /// Where wakers of it were last registered, latest first; at most two.
    pub registrations: Vec<Registration>,
}

/// One operation that keeps a waker of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceWait {
    /// On what.
    pub resource: ResourceId,
    /// For what.
    pub wants: Hold,
    /// Since when.
    pub since: Moment,
}
