//! Who holds a lock, told by events that come out of order.
//!
//! A guard says that it is gone *after* it has let the next one in, so that of two tasks in a row the second may be
//! heard of first, and "gone" may not clear what it finds. Each taker enters itself, and takes itself out. A guard
//! dropped elsewhere than where it was taken finds no entry of its own: then nobody is known to hold the lock until it
//! is free for a moment.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use stranded_analysis::facts::Moment;

use super::mark::Mark;

/// Holders told apart; with more than that none is known.
const KEPT: usize = 6;
/// In [`Holders::held`]: the entries do not tell who holds it. The count is below.
const INEXACT: u64 = 1 << 63;

/// In an entry: nobody; somebody who is being entered; somebody outside any task. Otherwise a task's slot id.
const FREE: u64 = 0;
const BUSY: u64 = 1;
const OUTSIDE: u64 = 2;

/// In an entry's time: the guard may be anywhere; it is shared with others.
const MOVABLE: u64 = 1;
const SHARED: u64 = 1 << 1;
const TIME_MASK: u64 = !(MOVABLE | SHARED);

#[derive(Debug, Default)]
struct Entry {
    who: AtomicU64,
    label: AtomicU64,
    /// When it was taken, to four nanoseconds, and how.
    taken: AtomicU64,
}

/// The holders of one lock.
#[derive(Debug, Default)]
pub(super) struct Holders {
    held: AtomicU64,
    entries: [Entry; KEPT],
}

/// How a lock is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taking {
    /// By whom; `None`: outside any task.
    pub(super) by: Option<Mark>,
    pub(super) at: Moment,
    /// Whether the guard may be anywhere by now.
    pub(super) movable: bool,
    pub(super) shared: bool,
}

/// Who holds a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// How many hold it.
    pub(super) count: u64,
    /// Who: all of them, or none if not known.
    pub(super) by: Vec<Taking>,
}

fn who(mark: Option<Mark>) -> u64 {
    mark.map_or(OUTSIDE, |mark| mark.raw)
}

impl Holders {
    /// Nobody holds it.
    pub(super) fn reset(&self) {
        self.entries.iter().for_each(|entry| entry.who.store(FREE, Relaxed));
        self.held.store(0, Release);
    }

    /// Somebody has taken it.
    pub(super) fn take(&self, taking: Taking) {
        // Counted first: until it is entered, a reader finds fewer entries than holders.
        self.held.fetch_add(1, AcqRel);
        let free = self.entries.iter().find(|entry| {
            entry.who.load(Relaxed) == FREE
                && entry.who.compare_exchange(FREE, BUSY, AcqRel, Relaxed).is_ok()
        });
        let Some(entry) = free else {
            self.held.fetch_or(INEXACT, AcqRel);
            return;
        };
        entry.label.store(taking.by.map_or(0, |mark| mark.label), Relaxed);
        let how = if taking.movable { MOVABLE } else { 0 } | if taking.shared { SHARED } else { 0 };
        entry.taken.store(taking.at.0 & TIME_MASK | how, Relaxed);
        entry.who.store(who(taking.by), Release);
    }

    /// Somebody has given it back: by a guard taken by `by`, or else we do not know whose.
    pub(super) fn give(&self, by: Option<Mark>, shared: bool) {
        if self.held.load(Acquire) & !INEXACT == 0 {
            // A new lock says that it is not held; or it was taken unseen.
            return;
        }
        let who = who(by);
        let clear = |how: u64| {
            self.entries.iter().find(|entry| {
                entry.who.load(Acquire) == who
                    && entry.taken.load(Relaxed) & !TIME_MASK == how
                    && entry.who.compare_exchange(who, FREE, AcqRel, Relaxed).is_ok()
            })
        };
        // Of two guards of one task it is not told which is gone: what is left may be the one that can be anywhere.
        let how = if shared { SHARED } else { 0 };
        let own = clear(how).or_else(|| clear(how | MOVABLE));
        if own.is_none() {
            self.held.fetch_or(INEXACT, AcqRel);
        }
        let one_less = |held: u64| (held & !INEXACT != 0).then(|| held - 1);
        if self.held.fetch_update(AcqRel, Relaxed, one_less).is_ok_and(|held| held == INEXACT | 1) {
            self.heal();
        }
    }

    /// What was taken by `by` may be anywhere by now.
    pub(super) fn set_movable(&self, by: Option<Mark>) {
        let who = who(by);
        for entry in self.entries.iter().filter(|entry| entry.who.load(Acquire) == who) {
            entry.taken.fetch_or(MOVABLE, Relaxed);
        }
    }

    /// Enters a task that has touched a barrier, if it is not entered; one that has ended makes room.
    pub(super) fn enter_once(&self, by: Mark, alive: impl Fn(Mark) -> bool, at: Moment) {
        if self.entries.iter().any(|entry| entry.who.load(Relaxed) == by.raw) {
            return;
        }
        for entry in &self.entries {
            let Some(Taking { by: Some(mark), .. }) = entry.read() else { continue };
            if !alive(mark) && entry.who.compare_exchange(mark.raw, FREE, AcqRel, Relaxed).is_ok() {
                let _ = self.held.fetch_update(AcqRel, Relaxed, |held| held.checked_sub(1));
            }
        }
        self.take(Taking { by: Some(by), at, movable: false, shared: true });
    }

    /// Nobody holds it now: what the entries say is of the past. Whoever takes it meanwhile is counted, and so stops
    /// this from calling them exact again.
    #[cold]
    fn heal(&self) {
        for entry in &self.entries {
            let who = entry.who.load(Acquire);
            if who != BUSY {
                let _ = entry.who.compare_exchange(who, FREE, AcqRel, Relaxed);
            }
        }
        let _ = self.held.compare_exchange(INEXACT, 0, AcqRel, Relaxed);
    }

    /// Who holds it.
    pub(super) fn read(&self) -> Held {
        let held = self.held.load(Acquire);
        let by: Vec<Taking> = self.entries.iter().filter_map(Entry::read).collect();
        let count = held & !INEXACT;
        let exact =
            held & INEXACT == 0 && by.len() as u64 == count && self.held.load(Acquire) == held;
        Held { count, by: if exact { by } else { Vec::new() } }
    }
}

impl Entry {
    fn read(&self) -> Option<Taking> {
        let who = self.who.load(Acquire);
        let taken = self.taken.load(Relaxed);
        (who != FREE && who != BUSY).then(|| Taking {
            by: (who != OUTSIDE).then(|| Mark { raw: who, label: self.label.load(Relaxed) }),
            at: Moment(taken & TIME_MASK),
            movable: taken & MOVABLE != 0,
            shared: taken & SHARED != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(raw: u64) -> Mark {
        Mark { raw: raw + 100, label: raw }
    }

    fn take(holders: &Holders, by: u64, shared: bool) {
        holders.take(Taking { by: Some(mark(by)), at: Moment(64), movable: false, shared });
    }

    fn held(holders: &Holders) -> (u64, Vec<u64>) {
        let held = holders.read();
        (held.count, held.by.into_iter().filter_map(|it| it.by).map(|mark| mark.label).collect())
    }

    #[test]
    fn the_next_holder_may_be_heard_of_before_the_last_one_is_gone() {
        let holders = Holders::default();
        take(&holders, 1, false);
        take(&holders, 2, false);
        holders.give(Some(mark(1)), false);
        assert_eq!(held(&holders), (1, vec![2]));
        holders.give(Some(mark(2)), false);
        assert_eq!(held(&holders), (0, vec![]));
    }

    #[test]
    fn a_guard_dropped_elsewhere_leaves_nobody_known_until_the_lock_is_free() {
        let holders = Holders::default();
        take(&holders, 1, false);
        take(&holders, 2, false);
        holders.give(Some(mark(7)), false);
        assert_eq!(held(&holders), (1, vec![]), "it was the guard of 1 or of 2");
        holders.give(Some(mark(2)), false);
        assert_eq!(held(&holders), (0, vec![]));
        take(&holders, 3, false);
        assert_eq!(held(&holders), (1, vec![3]));
    }

    #[test]
    fn more_readers_than_are_kept_are_counted_and_not_named() {
        let holders = Holders::default();
        (0..=KEPT as u64).for_each(|reader| take(&holders, reader, true));
        assert_eq!(held(&holders), (KEPT as u64 + 1, vec![]));
        (0..=KEPT as u64).for_each(|reader| holders.give(Some(mark(reader)), true));
        take(&holders, 9, false);
        assert_eq!(held(&holders), (1, vec![9]));
    }

    #[test]
    fn of_two_guards_of_one_task_the_one_that_may_have_moved_is_left() {
        let holders = Holders::default();
        let taking = |movable| Taking { by: Some(mark(1)), at: Moment(64), movable, shared: true };
        for order in [[true, false], [false, true]] {
            for movable in order {
                holders.take(taking(movable));
            }
            holders.give(Some(mark(1)), true);
            let left: Vec<bool> = holders.read().by.iter().map(|it| it.movable).collect();
            assert_eq!(left, [true]);
            holders.give(Some(mark(1)), true);
        }
    }

    #[test]
    fn a_guard_that_was_taken_unseen_does_not_count_below_nobody() {
        let holders = Holders::default();
        holders.give(Some(mark(1)), false);
        assert_eq!(held(&holders).0, 0);
        take(&holders, 2, false);
        assert_eq!(held(&holders), (1, vec![2]));
    }

    #[test]
    fn whatever_threads_do_at_once_nobody_is_left() {
        let holders = Holders::default();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let holders = &holders;
                scope.spawn(move || {
                    for round in 0..20_000 {
                        take(holders, thread, round % 2 == 0);
                        // Now and then by another's hand.
                        let by = if round % 97 == 0 { 50 } else { thread };
                        holders.give(Some(mark(by)), round % 2 == 0);
                    }
                });
            }
        });
        assert_eq!(held(&holders).0, 0);
        take(&holders, 8, false);
        holders.give(Some(mark(8)), false);
        take(&holders, 9, false);
        assert_eq!(held(&holders), (1, vec![9]));
    }
}
