//! Tasks that are not parked and yet do not get on, and the threads that poll.

use super::{Moment, SiteId, TaskId};

/// A thread's number within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u32);

/// What the threads that poll tasks are doing. Small: every list has a bound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Threads that have polled a task of the application and still run.
    pub workers: Vec<Worker>,
    /// Tasks that were woken long ago and not polled since, longest first.
    pub unpolled: Vec<UnpolledTask>,
    /// How many such tasks there are in all.
    pub unpolled_total: u64,
    /// Tasks that keep waking themselves, busiest first.
    pub spinning: Vec<SpinningTask>,
}

/// A thread that polls tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its number.
    pub id: WorkerId,
    /// Its name.
    pub name: String,
    /// The outermost poll that it is inside of.
    pub polling: Option<LongPoll>,
    /// The end of its latest poll.
    pub last_poll: Option<Moment>,
    /// The end of its latest poll of a task of kind `local`: whether somebody drives the `LocalSet` here.
    pub last_local_poll: Option<Moment>,
}

/// A poll that has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongPoll {
    /// Of which task.
    pub task: TaskId,
    /// Of which site.
    pub site: SiteId,
    /// Since when.
    pub since: Moment,
}

/// A task that was woken, or spawned, and has not been polled since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpolledTask {
    /// Which.
    pub id: TaskId,
    /// Its site.
    pub site: SiteId,
    /// When it was woken first since its last poll.
    pub woken: Moment,
    /// The thread that woke it, if that is one that polls.
    pub woken_on: Option<WorkerId>,
    /// The thread that polled it last; a task of kind `local` is polled by no other.
    pub polled_on: Option<WorkerId>,
}

/// A task that is polled all the time because it wakes itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpinningTask {
    /// Which.
    pub id: TaskId,
    /// Its site.
    pub site: SiteId,
    /// Since when it has been seen so.
    pub since: Moment,
    /// Polls per second since then.
    pub polls_per_s: f64,
    /// The share of its wakes since then that were its own.
    pub self_woken: f64,
}
