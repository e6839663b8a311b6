//! One operation on a resource: written by the task that polls it, and by whoever grants it permits.

use std::sync::atomic::{
    AtomicU8, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use stranded_analysis::facts::{Hold, Moment, ResourceKind};

use super::ThingId;
use super::mark::{AtomicMark, Mark};

/// Set in [`OpSlot::polled`]: the latest poll returned `Pending`. The poll's number is above.
const PENDING: u64 = 1;
/// In [`OpSlot::polled`]: it got what it wanted.
const DONE: u64 = u64::MAX - 1;

macro_rules! sources {
    ($($variant:ident $name:literal;)*) => {
        /// Which operation it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Source {
            $($variant,)*
            /// One that this build does not know.
            Unknown,
        }

        impl Source {
            const KNOWN: &'static [Self] = &[$(Self::$variant,)*];

            /// The operation that Tokio calls `name`.
            pub(crate) fn named(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)*
                    _ => Self::Unknown,
                }
            }
        }
    };
}

sources! {
    Lock "Mutex::lock";
    LockOwned "Mutex::lock_owned";
    Read "RwLock::read";
    ReadOwned "RwLock::read_owned";
    Write "RwLock::write";
    WriteOwned "RwLock::write_owned";
    Acquire "Semaphore::acquire";
    AcquireMany "Semaphore::acquire_many";
    AcquireOwned "Semaphore::acquire_owned";
    AcquireManyOwned "Semaphore::acquire_many_owned";
    Permits "Acquire::new";
    Barrier "Barrier::wait";
    Receive "Receiver::await";
    Closed "Sender::closed";
    Sleep "Sleep::new_timeout";
    SleepReset "Sleep::reset";
    Tick "Interval::tick";
}

impl Source {
    fn of(code: u8) -> Self {
        Self::KNOWN.get(usize::from(code)).copied().unwrap_or(Self::Unknown)
    }

    /// Whether it is part of tracking locks; the others need everything tracked.
    pub(crate) fn is_lock(self) -> bool {
        !matches!(
            self,
            Self::Barrier
                | Self::Receive
                | Self::Closed
                | Self::Sleep
                | Self::SleepReset
                | Self::Tick
        )
    }

    /// Whether it takes a lock of which one can say who holds it.
    pub(super) fn takes_lock(self) -> bool {
        matches!(
            self,
            Self::Lock
                | Self::LockOwned
                | Self::Read
                | Self::ReadOwned
                | Self::Write
                | Self::WriteOwned
        )
    }

    /// Whether its guard may be anywhere.
    pub(super) fn is_owned(self) -> bool {
        matches!(self, Self::LockOwned | Self::ReadOwned | Self::WriteOwned)
    }

    /// What it waits for, on a resource of that kind.
    pub(super) fn wants(self, kind: ResourceKind, permits: u64) -> Hold {
        match self {
            Self::Lock | Self::LockOwned | Self::Write | Self::WriteOwned => Hold::Exclusive,
            Self::Read | Self::ReadOwned => Hold::Shared,
            _ if kind == ResourceKind::ChannelRoom => Hold::Send,
            Self::Acquire
            | Self::AcquireMany
            | Self::AcquireOwned
            | Self::AcquireManyOwned
            | Self::Permits => Hold::Permits(permits),
            Self::Receive => Hold::Receive,
            Self::Closed => Hold::Send,
            Self::Barrier | Self::Sleep | Self::SleepReset | Self::Tick => Hold::Signal,
            Self::Unknown => Hold::Unknown,
        }
    }
}

/// What is kept of one operation.
#[derive(Debug, Default)]
pub(super) struct OpSlot {
    /// Its id; 0 while free.
    pub(super) id: AtomicU64,
    pub(super) refs: AtomicU32,
    source: AtomicU8,
    /// Whether the waker that it keeps is one of its task.
    armed: AtomicU8,
    /// The resource by its id; 0: none that is known.
    resource: AtomicU64,
    /// The task that polled it last; of one not polled yet, the task that started it.
    task: AtomicMark,
    polled: AtomicU64,
    /// Permits asked for and granted, of an operation on a semaphore.
    requested: AtomicU64,
    obtained: AtomicU64,
    /// When it was granted all of them, unless its task has polled it to the end since; 0: it was not.
    granted_at: AtomicU64,
    /// Since when its task gets `Pending`; 0: it does not.
    waiting_since: AtomicU64,
}

/// A copy of an operation.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct SeenOp {
    pub(super) source: Source,
    pub(super) resource: Option<ThingId>,
    pub(in super::super) task: Option<Mark>,
    armed: bool,
    polled: u64,
    pub(super) requested: u64,
    granted_at: u64,
    waiting_since: u64,
}

impl OpSlot {
    pub(super) fn reset(&self, source: Source, resource: Option<ThingId>, by: Option<Mark>) {
        self.refs.store(1, Relaxed);
        self.source.store(source as u8, Relaxed);
        self.armed.store(0, Relaxed);
        self.resource.store(resource.map_or(0, ThingId::raw), Relaxed);
        self.task.store(by);
        self.polled.store(0, Relaxed);
        self.requested.store(0, Relaxed);
        self.obtained.store(0, Relaxed);
        self.granted_at.store(0, Relaxed);
        self.waiting_since.store(0, Relaxed);
    }

    pub(super) fn source(&self) -> Source {
        Source::of(self.source.load(Relaxed))
    }

    pub(super) fn resource(&self) -> Option<ThingId> {
        ThingId::from_raw(self.resource.load(Relaxed))
    }

    /// Its task has cloned one of its own wakers inside it.
    #[inline]
    pub(super) fn arm(&self, task: Mark) {
        if !self.task.is(task.raw) {
            self.move_to(Some(task));
        }
        self.armed.store(1, Relaxed);
    }

    /// A waker of the task `raw` was dropped inside it.
    #[inline]
    pub(super) fn disarm(&self, raw: u64) {
        if self.task.is(raw) {
            self.armed.store(0, Relaxed);
        }
    }

    /// Another task polls it than did before: the waker that it keeps is not that one's.
    fn move_to(&self, task: Option<Mark>) {
        self.task.store(task);
        self.armed.store(0, Relaxed);
        self.waiting_since.store(0, Relaxed);
    }

    /// `task`, in its poll of that number, polled it and got `Pending`.
    #[inline]
    pub(super) fn pending(&self, task: Option<Mark>, poll: u64, now: impl FnOnce() -> Moment) {
        if !self.task.is(task.map_or(0, |task| task.raw)) {
            self.move_to(task);
        }
        let requested = self.requested.load(Relaxed);
        let granted = requested != 0 && self.obtained.load(Relaxed) == requested;
        if granted || self.waiting_since.load(Relaxed) == 0 {
            let now = now().0;
            if self.waiting_since.load(Relaxed) == 0 {
                self.waiting_since.store(now, Relaxed);
            }
            // It has what it wants and was put off for the sake of others: it keeps its place all the same.
            self.granted_at.store(if granted { now } else { 0 }, Relaxed);
        }
        self.polled.store(poll << 1 | PENDING, Release);
    }

    /// It was polled, and got what it wanted. False: that is known already.
    #[inline]
    pub(super) fn ready(&self) -> bool {
        let before = self.polled.load(Relaxed);
        self.polled.store(DONE, Release);
        self.waiting_since.store(0, Relaxed);
        self.granted_at.store(0, Relaxed);
        before != DONE
    }

    /// It asks for so many permits.
    pub(super) fn request(&self, permits: u64) {
        self.requested.store(permits, Relaxed);
    }

    /// It was granted some of them. Runs under the lock of the semaphore's queue, or in the operation's first poll.
    #[inline]
    pub(super) fn obtain(&self, permits: u64, now: impl FnOnce() -> Moment) {
        let obtained = self.obtained.load(Relaxed) + permits;
        self.obtained.store(obtained, Relaxed);
        let waits = self.polled.load(Relaxed) & PENDING != 0;
        if waits && obtained == self.requested.load(Relaxed) {
            self.granted_at.store(now().0, Release);
        }
    }

    /// A copy of it; `None`: the slot is free, or in the hands of another thread.
    pub(super) fn read(&self) -> Option<SeenOp> {
        let id = self.id.load(Acquire);
        let polled = self.polled.load(Acquire);
        let seen = SeenOp {
            source: self.source(),
            resource: self.resource(),
            task: self.task.load(),
            armed: self.armed.load(Relaxed) != 0,
            polled,
            requested: self.requested.load(Relaxed),
            granted_at: self.granted_at.load(Acquire),
            waiting_since: self.waiting_since.load(Relaxed),
        };
        (id != 0 && self.id.load(Acquire) == id && self.polled.load(Acquire) == polled)
            .then_some(seen)
    }
}

impl SeenOp {
    /// Since when its task has been getting `Pending`.
    pub(super) fn since(&self) -> Moment {
        Moment(self.waiting_since)
    }

    pub(super) fn is_pending(&self) -> bool {
        self.polled & PENDING != 0
    }

    /// Whether it keeps a waker that its task registered in it, and was polled in that task's latest poll.
    pub(super) fn keeps_waker(&self, latest_poll: u64) -> bool {
        self.armed && self.polled == latest_poll << 1 | PENDING
    }

    /// When it was granted what it asks for, if its task has not polled it to the end since.
    pub(super) fn granted(&self) -> Option<Moment> {
        (self.is_pending() && self.granted_at != 0).then_some(Moment(self.granted_at))
    }

    /// Whether it stands in a queue for permits.
    pub(super) fn is_queued(&self) -> bool {
        self.is_pending() && self.granted_at == 0 && self.requested != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: fn() -> Moment = || Moment(50);

    fn mark(raw: u64) -> Mark {
        Mark { raw, label: 0 }
    }

    fn op() -> OpSlot {
        let op = OpSlot::default();
        op.reset(Source::Permits, None, None);
        op.request(1);
        op.id.store(9, Release);
        op
    }

    #[test]
    fn it_keeps_a_waker_while_it_was_polled_last_and_none_was_dropped() {
        let op = op();
        op.arm(mark(1));
        op.pending(Some(mark(1)), 4, NOW);
        assert!(op.read().unwrap().keeps_waker(4));
        assert!(!op.read().unwrap().keeps_waker(5), "its task was polled since, and it was not");
        op.pending(Some(mark(1)), 5, NOW);
        assert!(op.read().unwrap().keeps_waker(5), "polled again, with the same waker");
        op.disarm(2);
        assert!(op.read().unwrap().keeps_waker(5), "somebody else's waker");
        op.disarm(1);
        assert!(!op.read().unwrap().keeps_waker(5));
    }

    #[test]
    fn a_waker_that_was_never_cloned_inside_is_not_its() {
        let op = op();
        op.pending(Some(mark(1)), 4, NOW);
        assert!(!op.read().unwrap().keeps_waker(4), "as a child of a set of futures");
    }

    #[test]
    fn another_task_that_polls_it_takes_it_over() {
        let op = op();
        op.arm(mark(1));
        op.pending(Some(mark(1)), 4, NOW);
        op.pending(Some(mark(2)), 4, NOW);
        assert!(!op.read().unwrap().keeps_waker(4));
        op.arm(mark(2));
        op.disarm(1);
        assert!(op.read().unwrap().keeps_waker(4), "the waker of the first is dropped after");
    }

    #[test]
    fn a_grant_stands_until_its_task_takes_it_up() {
        let op = op();
        op.obtain(1, NOW);
        assert_eq!(op.read().unwrap().granted(), None, "at once, in its first poll");
        op.reset(Source::Permits, None, None);
        op.request(2);
        op.pending(Some(mark(1)), 1, NOW);
        op.obtain(1, NOW);
        assert!(op.read().unwrap().is_queued(), "it wants two");
        op.obtain(1, NOW);
        assert_eq!(op.read().unwrap().granted(), Some(Moment(50)));
        assert!(op.ready());
        assert!(!op.ready(), "told twice");
        assert_eq!(op.read().unwrap().granted(), None);
    }
}
