//! What is written once at spawn, and read when somebody looks.

use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::time::Duration;

use stranded_analysis::facts::Moment;

use super::slot::Snapshot;

/// The cold facts of one task, beside its slot.
#[derive(Debug, Default)]
pub(super) struct Cold {
    pub(super) spawned: AtomicU64,
    /// Tokio's number of the task.
    pub(super) number: AtomicU64,
    /// Slot id and number of the task that spawned it; 0: none.
    pub(super) spawner: AtomicU64,
    pub(super) spawner_number: AtomicU64,
    pub(super) spawner_site: AtomicU32,
    pub(super) site: AtomicU32,
    /// Future sizes in bytes; 0: unknown.
    pub(super) size: AtomicU32,
    pub(super) original_size: AtomicU32,
    /// The request scope, plus 1; 0: none.
    pub(super) scope: AtomicU32,
    /// Handles to the span: the task's own, and clones of it.
    pub(super) refs: AtomicU32,
    /// The next slot in the free list, plus 1.
    pub(super) next_free: AtomicU32,
    /// How often the slot was taken.
    pub(super) generation: AtomicU64,
    /// See [`Cold::settle`].
    settle_fingerprint: AtomicU32,
    settle_since: AtomicU64,
}

/// What looking twice at a task without live wakers tells. Written by the census alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settle {
    /// Nothing has changed since that moment, when it was first seen so.
    UnchangedSince(Moment),
    /// It had looked settled for longer than `settle`, and has changed all the same.
    Revived,
}

impl Cold {
    /// Forgets the marks of the slot's former task.
    pub(super) fn reset_settle(&self) {
        self.settle_fingerprint.store(0, Relaxed);
    }

    /// Since when the task has been seen parked, without live wakers and unchanged, if it still is as `seen`.
    pub(super) fn unchanged_since(&self, seen: &Snapshot) -> Option<Moment> {
        let marked = self.settle_fingerprint.load(Acquire);
        (marked != 0 && marked == seen.fingerprint())
            .then(|| Moment(self.settle_since.load(Relaxed)))
    }

    /// Compares the task with the last look: `fingerprint` of a parked task without live wakers, `None` of any other.
    pub(super) fn settle(
        &self,
        fingerprint: Option<u32>,
        now: Moment,
        settle: Duration,
    ) -> Option<Settle> {
        let marked = self.settle_fingerprint.load(Acquire);
        if marked == 0 && fingerprint.is_none() {
            // So it is with nearly all tasks, and what nobody writes stays in everybody's cache.
            return None;
        }
        let since = Moment(self.settle_since.load(Relaxed));
        if marked != 0 && fingerprint == Some(marked) {
            return Some(Settle::UnchangedSince(since));
        }
        self.settle_since.store(now.0, Relaxed);
        self.settle_fingerprint.store(fingerprint.unwrap_or(0), Release);
        if marked != 0 && now.since(since) >= settle {
            return Some(Settle::Revived);
        }
        fingerprint.map(|_| Settle::UnchangedSince(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_settles_while_nothing_changes_and_its_revival_is_noticed() {
        let cold = Cold::default();
        let settle = Duration::from_nanos(5);
        assert_eq!(
            cold.settle(Some(7), Moment(10), settle),
            Some(Settle::UnchangedSince(Moment(10)))
        );
        assert_eq!(
            cold.settle(Some(7), Moment(12), settle),
            Some(Settle::UnchangedSince(Moment(10)))
        );
        assert_eq!(
            cold.settle(Some(8), Moment(13), settle),
            Some(Settle::UnchangedSince(Moment(13)))
        );
        assert_eq!(
            cold.settle(Some(8), Moment(19), settle),
            Some(Settle::UnchangedSince(Moment(13)))
        );
        assert_eq!(cold.settle(None, Moment(20), settle), Some(Settle::Revived));
        assert_eq!(cold.settle(None, Moment(21), settle), None);
    }
}
