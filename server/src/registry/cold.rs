//! What is written once at spawn, and read when somebody looks.

use std::time::Duration;

use stranded_analysis::facts::Moment;

use super::slab::Linked;
use super::slot::Snapshot;
use crate::lockfree::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

/// In place of a fingerprint: the task had looked settled, and has changed. See [`Cold::settle`].
const CHANGED: u32 = 1;

/// The unit of [`Cold::wakers_gone`] in nanoseconds, as a power of two: 67 ms, so that nine years fit.
const TICK: u32 = 26;
/// The unit of [`Cold::token`], likewise: 4 ms, so that half a year fits.
const TOKEN_TICK: u32 = 22;

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
    /// When it may last have passed on what it had, in [`TOKEN_TICK`]s, plus 1; 0: never.
    passed_on: AtomicU32,
    /// The stack at its spawn, plus 1; 0: not taken.
    pub(super) spawn_stack: AtomicU32,
    /// Who woke it last before [`super::slot::By::who`] of its slot: two others, latest first; 0: nobody.
    wakers: [AtomicU64; 2],
    /// Tokio's number of the task that woke it last.
    pub(super) waker_number: AtomicU64,
    /// Since when the tasks that woke it are all gone, as the census found, in [`TICK`]s; 0: they are not.
    wakers_gone: AtomicU32,
    /// When it was last known to wait on a cancellation token, in [`TOKEN_TICK`]s, plus 1; 0: never.
    token: AtomicU32,
    /// The number of the wake that may have been by such a token; 0: none.
    pub(super) cancel: AtomicU32,
    /// The next slot in the free list, plus 1.
    pub(super) next_free: AtomicU32,
    /// How often the slot was taken.
    pub(super) generation: AtomicU32,
    /// The task by its slot id that the next two are about. See [`Cold::settle`].
    settle_task: AtomicU64,
    /// Since when its fingerprint has been the same; of one that has [`CHANGED`], its polls by then.
    settle_since: AtomicU64,
    /// The fingerprint of a parked task without live wakers; 0: it was no such task.
    settle_fingerprint: AtomicU32,
}

/// What looking again and again at a task without live wakers tells. Written by the census alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settle {
    /// Nothing has changed since that moment, when it was first seen so.
    UnchangedSince(Moment),
    /// It had looked settled for longer than `settle`, and lives on all the same.
    Revived,
}

impl Linked for Cold {
    fn next_free(&self) -> &AtomicU32 {
        &self.next_free
    }
}

impl Cold {
    /// Nobody has woken the new task of this slot.
    pub(super) fn forget_wakers(&self) {
        for word in [&self.wakers[0], &self.wakers[1], &self.waker_number] {
            word.store(0, Relaxed);
        }
        for word in [&self.wakers_gone, &self.token, &self.cancel, &self.passed_on] {
            word.store(0, Relaxed);
        }
    }

    /// The task may have passed on what it had by `now`.
    pub(super) fn passes_on(&self, now: Moment) {
        let tick = u32::try_from(now.0 >> TOKEN_TICK).unwrap_or(u32::MAX);
        self.passed_on.store(tick.saturating_add(1), Relaxed);
    }

    /// When it last may have: rounded up, since whatever it has had from before is in doubt.
    pub(super) fn passed_on(&self) -> Option<Moment> {
        match self.passed_on.load(Relaxed) {
            0 => None,
            u32::MAX => Some(Moment(u64::MAX)),
            tick => Some(Moment(u64::from(tick) << TOKEN_TICK)),
        }
    }

    /// The task waits on a cancellation token, and that was not cancelled by `now`.
    pub(super) fn waits_on_token(&self, now: Moment) {
        let tick = u32::try_from(now.0 >> TOKEN_TICK).unwrap_or(u32::MAX);
        self.token.store(tick.saturating_add(1), Relaxed);
    }

    /// When the task was last known to wait on a cancellation token that was not cancelled: not long before that.
    pub(super) fn waited_on_token(&self) -> Option<Moment> {
        let tick = self.token.load(Relaxed).checked_sub(1)?;
        Some(Moment(u64::from(tick) << TOKEN_TICK))
    }

    /// `who`, with that number, wakes the task, which `before` woke last.
    pub(super) fn woken_by_another(&self, before: u64, who: u64, number: u64) {
        self.waker_number.store(number, Relaxed);
        if before == 0 {
            return;
        }
        let earlier = self.wakers[0].swap(before, AcqRel);
        if earlier != 0 && earlier != who && earlier != before {
            self.wakers[1].store(earlier, Relaxed);
        }
    }

    /// Who woke the task, as far as remembered, latest first; some of them twice.
    pub(super) fn wakers(&self, seen: &Snapshot) -> impl Iterator<Item = u64> {
        let earlier = [0, 1].map(|at: usize| self.wakers[at].load(Relaxed));
        [seen.woken_by, earlier[0], earlier[1]].into_iter().filter(|who| *who != 0)
    }

    /// Since when the census has found the wakers of the task gone, if they are `gone` now.
    pub(super) fn wakers_gone_since(&self, gone: bool, now: Moment) -> Option<Moment> {
        let known = self.wakers_gone.load(Relaxed);
        let since = match (gone, known) {
            (false, _) => 0,
            // Rounded up, so that it does not claim too much.
            (true, 0) => u32::try_from((now.0 >> TICK) + 1).unwrap_or(u32::MAX),
            (true, known) => known,
        };
        if since != known {
            self.wakers_gone.store(since, Relaxed);
        }
        gone.then(|| Moment(u64::from(since) << TICK))
    }

    /// The mark that the last look left on the task; 0: none.
    fn mark(&self, seen: &Snapshot) -> u32 {
        let marked = self.settle_fingerprint.load(Acquire);
        // In the slot's cold facts a former task may have left its own.
        if marked != 0 && self.settle_task.load(Relaxed) == seen.id.raw() { marked } else { 0 }
    }

    /// Since when the task has been seen parked, without live wakers and unchanged, if it still is as `seen`.
    pub(super) fn unchanged_since(&self, seen: &Snapshot) -> Option<Moment> {
        (self.mark(seen) == seen.fingerprint()).then(|| Moment(self.settle_since.load(Relaxed)))
    }

    /// Compares the task with the last look. `stranded`: it is parked, and without live wakers.
    ///
    /// A settled task that changes is either polled again or dropped, which begins just like a poll. Only a
    /// later look can tell: a dropped one is gone by then, or still in the same "poll".
    pub(super) fn settle(
        &self,
        seen: &Snapshot,
        stranded: bool,
        now: Moment,
        settle: Duration,
    ) -> Option<Settle> {
        let marked = self.mark(seen);
        if marked == 0 && !stranded {
            // So it is with nearly all tasks, and what nobody writes stays in everybody's cache.
            return None;
        }
        let noted = self.settle_since.load(Relaxed);
        if marked == CHANGED && seen.running() && seen.polls() == noted {
            return None;
        }
        let fingerprint = seen.fingerprint();
        if stranded && marked == fingerprint {
            return Some(Settle::UnchangedSince(Moment(noted)));
        }
        let settled = marked > CHANGED && now.since(Moment(noted)) >= settle;
        self.settle_task.store(seen.id.raw(), Relaxed);
        let (mark, noted) = match (settled, stranded) {
            (true, _) => (CHANGED, seen.polls()),
            (false, true) => (fingerprint, now.0),
            (false, false) => (0, 0),
        };
        self.settle_since.store(noted, Relaxed);
        self.settle_fingerprint.store(mark, Release);
        if marked == CHANGED {
            return Some(Settle::Revived);
        }
        (mark == fingerprint).then_some(Settle::UnchangedSince(now))
    }
}
