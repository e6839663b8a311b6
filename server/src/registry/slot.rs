//! One task's state: atomics written in place by the thread that acts on the task.
//!
//! Two cache lines. The first is written by whoever wakes the task or touches its wakers, the second only by
//! the thread that polls it, so that a poll needs no read-modify-write at all.
//!
//! There is no NOTIFIED bit to clear: a task is notified while `wakes` is ahead of `wakes_seen`, which the
//! poll's entry moves up. A wake that arrives between the two loads stays ahead and is never lost.
//!
//! The end of the task and its living wakers share one word: whoever brings it to "ended, and no waker" frees the
//! slot, and nobody else can.

use stranded_analysis::facts::Moment;

use crate::lockfree::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
    fence,
};

use super::id::SlotId;
use crate::threads::Place;

/// In [`Slot::wakers`]: the task has ended; the slot lives on only while wakers of it do. The lowest bit, where no
/// carry from the counts above can reach it.
const CLOSED: u64 = 1;
/// One waker alive.
const WAKER: u64 = 1 << 1;
/// The count of wakers alive.
const LIVE: u64 = CLONE - WAKER;
/// One clone ever made.
const CLONE: u64 = 1 << 25;

/// No site, or a wake that no task performed: see [`By`].
pub(super) const NO_SITE: u32 = u32::MAX;
/// The latest wake came from a worker outside of any task.
pub(super) const BY_DRIVER: u32 = u32::MAX - 1;
/// The latest wake came from a thread that runs no tasks.
pub(super) const BY_THREAD: u32 = u32::MAX - 2;
/// Bits of [`Slot::woken_by_site`] that hold the site or such a marker; the thread is above them.
const SITE_BITS: u32 = 16;
const SITE_MASK: u32 = (1 << SITE_BITS) - 1;

/// The waker count is wrong for good.
const UNACCOUNTED: u32 = 1;
/// An earlier task of this slot was forgotten before its last waker was gone, which may still be on its way here.
const HAUNTED: u32 = 1 << 1;
/// One of the agent's own tasks.
pub(super) const OWN: u32 = 1 << 2;
/// It has a name, kept elsewhere.
pub(super) const NAMED: u32 = 1 << 3;
/// Its kind is `local`, or `blocking`.
pub(super) const LOCAL: u32 = 1 << 4;
pub(super) const BLOCKING: u32 = 1 << 5;
/// It is the loop of one of Tokio's own workers: not what that thread is doing, but the thread itself.
pub(super) const WORKER_LOOP: u32 = 1 << 6;
/// It has been seen to wait on a cancellation token.
pub(super) const ON_TOKEN: u32 = 1 << 7;

/// The entry of the latest poll followed the exit of the one before at once, on the same thread.
const ADJACENT: u64 = 1;
/// A poll was left by a panic.
const PANICKED: u64 = 1 << 1;
/// The latest poll consumed more wakes than the one that scheduled it; see [`Snapshot::maybe_notified`].
const MAYBE_NOTIFIED: u64 = 1 << 2;
/// A panic was under way already when the latest poll began: not one of this task.
const PANIC_BEFORE: u64 = 1 << 3;
/// The thread that polls is told above the flags,
const THREAD_SHIFT: u32 = 8;
const THREAD: u64 = ((1 << Place::BITS) - 1) << THREAD_SHIFT;
/// and above it self-wakes are counted.
const SELF_WAKE: u64 = 1 << (THREAD_SHIFT + Place::BITS);

/// The hot state of one task.
#[repr(C, align(128))]
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// The id of the task in it; 0 while free.
    pub(super) id: AtomicU64,
    /// Clones ever made, wakers alive now and [`CLOSED`]: one read-modify-write keeps them exact.
    wakers: AtomicU64,
    /// Wakes ever performed.
    wakes: AtomicU64,
    /// `wakes` as of the latest poll's entry.
    wakes_seen: AtomicU64,
    /// Time of the first wake since the latest poll's entry.
    notified_at: AtomicU64,
    /// Time of the latest wake; 0: never woken.
    woken_at: AtomicU64,
    /// Who performed it: see [`By::who`]; 0: never woken.
    woken_by: AtomicU64,
    /// Site of the task that performed it, or one of the markers above; and the thread of the first wake since the
    /// latest poll's entry.
    woken_by_site: AtomicU32,
    flags: AtomicU32,

    /// Twice the number of polls, plus 1 while one is running.
    poll_seq: AtomicU64,
    poll_started: AtomicU64,
    poll_ended: AtomicU64,
    /// Nanoseconds spent in polls.
    busy: AtomicU64,
    /// Nanoseconds spent between wake and poll.
    scheduled: AtomicU64,
    /// The last two distinct park stacks: stack number above, low 32 bits of the poll's number below.
    registrations: [AtomicU64; 2],
    /// Flags, thread and self-wakes of the latest poll.
    polling: AtomicU64,
}

/// Who performs a wake.
#[derive(Clone, Copy, Debug)]
pub(super) struct By {
    /// Slot id of the task, or [`By::DRIVER`] or [`By::THREAD`].
    pub(super) who: u64,
    /// Its site, or [`BY_DRIVER`] or [`BY_THREAD`].
    pub(super) site: u32,
    /// The thread, if it polls.
    pub(super) thread: Place,
    /// Whether it is the task itself during its own poll.
    pub(super) to_self: bool,
}

impl By {
    /// No task: a worker outside of any, or a thread that runs none. No slot id is so small.
    pub(super) const DRIVER: u64 = 1;
    pub(super) const THREAD: u64 = 2;
}

/// What the entry of a poll found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entered {
    /// Nanoseconds since the wake that led to this poll.
    pub(super) waited: Option<u64>,
    /// Nanoseconds from the end of the poll before to that wake; `None` if it came before that end.
    pub(super) parked: Option<u64>,
}

/// How a task ended, as its last two polls tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Returned,
    Cancelled,
    Panicked,
}

impl Slot {
    /// Takes the slot for a new task. The id is published by [`Slot::publish`], after the cold facts.
    /// `flags`: [`OWN`] and those after it.
    pub(super) fn reset(&self, now: Moment, flags: u32) {
        // A reader that sees any of this sees as well that the id is gone.
        fence(Release);
        let haunted = self.flags.load(Relaxed) & (HAUNTED | UNACCOUNTED) != 0;
        self.flags.store(flags | if haunted { HAUNTED } else { 0 }, Relaxed);
        // After the flags: whoever counts here for a task of the past finds it haunted.
        self.wakers.store(0, Release);
        self.wakes.store(0, Relaxed);
        self.wakes_seen.store(0, Relaxed);
        // A new task is scheduled by its spawn.
        self.notified_at.store(now.0, Relaxed);
        self.woken_at.store(0, Relaxed);
        self.woken_by.store(0, Relaxed);
        self.woken_by_site.store(NO_SITE & SITE_MASK, Relaxed);
        self.poll_seq.store(0, Relaxed);
        self.poll_started.store(0, Relaxed);
        self.poll_ended.store(0, Relaxed);
        self.busy.store(0, Relaxed);
        self.scheduled.store(0, Relaxed);
        self.registrations[0].store(0, Relaxed);
        self.registrations[1].store(0, Relaxed);
        self.polling.store(0, Relaxed);
    }

    /// Makes the slot visible under `id`.
    pub(super) fn publish(&self, id: SlotId) {
        self.id.store(id.raw(), Release);
    }

    /// Whether the slot holds the task `id`.
    #[inline]
    pub(super) fn holds(&self, id: SlotId) -> bool {
        self.id.load(Acquire) == id.raw()
    }

    /// A poll, or the drop of the future, begins. `adjacent`: at once after the last one, on this thread.
    /// `panicking`: during a panic.
    #[inline]
    pub(super) fn enter(&self, now: Moment, adjacent: bool, panicking: bool) -> Entered {
        let seq = self.poll_seq.load(Relaxed);
        self.poll_seq.store(seq | 1, Relaxed);
        let wakes = self.wakes.load(Acquire);
        let consumed = wakes.wrapping_sub(self.wakes_seen.load(Relaxed));
        // After the sequence number: whoever sees the wakes consumed sees the poll that did it.
        self.wakes_seen.store(wakes, Release);
        let notified = if seq == 0 || consumed > 0 { self.notified_at.load(Relaxed) } else { 0 };
        let waited = (notified != 0).then(|| now.0.saturating_sub(notified));
        let ended = self.poll_ended.load(Relaxed);
        let parked = (ended != 0 && notified > ended).then(|| notified - ended);
        if let Some(waited) = waited {
            self.scheduled.store(self.scheduled.load(Relaxed) + waited, Relaxed);
        }
        // Spawning schedules the first poll, one wake each later one: any further wake may still be acted on.
        let expected = u64::from(seq != 0);
        let latest = ADJACENT | MAYBE_NOTIFIED | PANIC_BEFORE;
        let mut polling = self.polling.load(Relaxed) & !latest;
        if adjacent {
            polling |= ADJACENT;
        }
        if panicking {
            polling |= PANIC_BEFORE;
        }
        if consumed > expected {
            polling |= MAYBE_NOTIFIED;
        }
        self.polling.store(polling, Relaxed);
        self.poll_started.store(now.0, Relaxed);
        Entered { waited, parked }
    }

    /// The poll ends. Gives its length in nanoseconds.
    #[inline]
    pub(super) fn exit(&self, now: Moment, panicking: bool) -> u64 {
        let took = now.0.saturating_sub(self.poll_started.load(Relaxed));
        self.busy.store(self.busy.load(Relaxed) + took, Relaxed);
        self.poll_ended.store(now.0, Relaxed);
        let polling = self.polling.load(Relaxed);
        if panicking && polling & PANIC_BEFORE == 0 {
            self.polling.store(polling | PANICKED, Relaxed);
        }
        let seq = self.poll_seq.load(Relaxed);
        if self.wakers.load(Relaxed) & LIVE == 0 {
            self.unregister(seq.div_ceil(2) & u64::from(u32::MAX));
        }
        self.poll_seq.store((seq | 1) + 1, Release);
        took
    }

    /// The poll ends without a waker: what it registered is gone already, as by a timer that was over. So that is not
    /// where the task parks, but where it did before.
    fn unregister(&self, poll: u64) {
        for registration in &self.registrations {
            let entry = registration.load(Relaxed);
            if poll > 1 && entry & u64::from(u32::MAX) == poll {
                registration.store(entry - 1, Relaxed);
            }
        }
    }

    /// A waker is cloned.
    #[inline]
    pub(super) fn clone_waker(&self) {
        let before = self.wakers.fetch_add(CLONE + WAKER, AcqRel);
        if before & LIVE == LIVE {
            self.mark_unaccounted();
        }
    }

    /// A wake begins. Gives who performed the one before (0: nobody), if that was another.
    #[inline]
    pub(super) fn wake(&self, now: Moment, by: By) -> Option<u64> {
        let before = self.wakes.fetch_add(1, AcqRel);
        let mut thread = self.woken_by_site.load(Relaxed) & !SITE_MASK;
        if before == self.wakes_seen.load(Relaxed) {
            self.notified_at.store(now.0, Relaxed);
            thread = (by.thread.bits() as u32) << SITE_BITS;
        }
        self.woken_at.store(now.0, Relaxed);
        self.woken_by_site.store(by.site & SITE_MASK | thread, Relaxed);
        if by.to_self {
            self.polling.store(self.polling.load(Relaxed).wrapping_add(SELF_WAKE), Relaxed);
        }
        // Of several that wake it at once none is forgotten.
        (self.woken_by.load(Relaxed) != by.who).then(|| self.woken_by.swap(by.who, AcqRel))
    }

    /// The poll that has just begun runs on `thread`.
    #[inline]
    pub(super) fn polled_on(&self, thread: Place) {
        let polling = self.polling.load(Relaxed);
        let here = polling & !THREAD | thread.bits() << THREAD_SHIFT;
        if here != polling {
            self.polling.store(here, Relaxed);
        }
    }

    /// A waker of the task `id` is dropped, or consumed by the wake counted before. True: that was the last thing that
    /// kept the slot of an ended task, and the caller must free it.
    #[inline]
    pub(super) fn drop_waker(&self, id: SlotId) -> bool {
        let one_less = |word: u64| (word & LIVE != 0).then(|| word - WAKER);
        let Ok(before) = self.wakers.fetch_update(AcqRel, Relaxed, one_less) else {
            // Never cloned as far as we saw: stop believing this count.
            self.mark_unaccounted();
            return false;
        };
        if self.flags.load(Relaxed) & HAUNTED != 0 && !self.holds(id) {
            // It was not this task's waker that was counted.
            self.mark_unaccounted();
        }
        before & (LIVE | CLOSED) == WAKER | CLOSED
    }

    /// Remembers that the task registered a waker with `stack` in its current poll.
    #[inline]
    pub(super) fn register(&self, stack: u32) {
        let poll = self.poll_seq.load(Relaxed).div_ceil(2) & u64::from(u32::MAX);
        let entry = u64::from(stack) << 32 | poll;
        let first = self.registrations[0].load(Relaxed);
        if first >> 32 != u64::from(stack) {
            self.registrations[1].store(first, Relaxed);
        }
        self.registrations[0].store(entry, Relaxed);
    }

    /// The task has ended. True: no waker keeps the slot, and the caller must free it.
    pub(super) fn close(&self) -> bool {
        self.wakers.fetch_or(CLOSED, AcqRel) & LIVE == 0
    }

    /// Forgets the wakers of an ended task. True: they were all that kept the slot, and the caller must free it.
    pub(super) fn forget_wakers(&self) -> bool {
        let kept = |word: u64| word & CLOSED != 0 && word & LIVE != 0;
        let forget = |word| kept(word).then_some(word & !LIVE);
        let forgotten = self.wakers.fetch_update(AcqRel, Relaxed, forget).is_ok();
        if forgotten {
            self.flags.fetch_or(HAUNTED, Relaxed);
        }
        forgotten
    }

    /// How the task ended; meaningful once its future was dropped.
    pub(super) fn outcome(&self) -> Outcome {
        let polling = self.polling.load(Relaxed);
        if polling & PANICKED != 0 {
            Outcome::Panicked
        } else if polling & ADJACENT != 0 {
            Outcome::Returned
        } else {
            Outcome::Cancelled
        }
    }

    /// Gives up on the waker count of this task.
    #[cold]
    pub(super) fn mark_unaccounted(&self) {
        self.flags.fetch_or(UNACCOUNTED, Relaxed);
    }

    /// Whether the task has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.wakers.load(Acquire) & CLOSED != 0
    }

    /// It waits on a cancellation token.
    #[inline]
    pub(super) fn set_on_token(&self) {
        if !self.is(ON_TOKEN) {
            self.flags.fetch_or(ON_TOKEN, Relaxed);
        }
    }

    /// Whether all of these flags are set.
    #[inline]
    pub(super) fn is(&self, flags: u32) -> bool {
        self.flags.load(Relaxed) & flags == flags
    }

    /// Polls so far, a running one included.
    #[inline]
    pub(super) fn polls(&self) -> u64 {
        self.poll_seq.load(Relaxed).div_ceil(2)
    }

    /// Reads the slot while others write it; `None` if it is free.
    ///
    /// The order matters: a wake counts itself before it gives up its waker, so whoever sees the waker gone
    /// (acquire) sees the wake as well; and a changed `poll_seq` voids the rest.
    pub(super) fn read(&self) -> Option<Snapshot> {
        let mut polled = None;
        for _ in 0..4 {
            let id = SlotId::from_raw(self.id.load(Acquire))?;
            let seen = self.copy(id);
            fence(Acquire);
            if self.id.load(Relaxed) != id.raw() {
                polled = None;
            } else if self.poll_seq.load(Relaxed) == seen.poll_seq {
                return Some(seen);
            } else {
                polled = Some(seen);
            }
        }
        // Polled again and again while we looked: then that is its state, and nothing rests on the details.
        polled.map(|seen| Snapshot { poll_seq: seen.poll_seq | 1, ..seen })
    }

    fn copy(&self, id: SlotId) -> Snapshot {
        let poll_seq = self.poll_seq.load(Acquire);
        let wakers = self.wakers.load(Acquire);
        let wakes = self.wakes.load(Acquire);
        Snapshot {
            id,
            poll_seq,
            wakers,
            wakes,
            wakes_seen: self.wakes_seen.load(Acquire),
            notified_at: self.notified_at.load(Relaxed),
            woken_at: self.woken_at.load(Relaxed),
            woken_by: self.woken_by.load(Relaxed),
            woken_by_site: self.woken_by_site.load(Relaxed),
            flags: self.flags.load(Relaxed),
            poll_started: self.poll_started.load(Relaxed),
            poll_ended: self.poll_ended.load(Relaxed),
            busy: self.busy.load(Relaxed),
            scheduled: self.scheduled.load(Relaxed),
            registrations: [0, 1].map(|at| self.registrations[at].load(Relaxed)),
            polling: self.polling.load(Relaxed),
        }
    }
}

/// A consistent copy of a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snapshot {
    pub(super) id: SlotId,
    poll_seq: u64,
    wakers: u64,
    wakes: u64,
    wakes_seen: u64,
    notified_at: u64,
    pub(super) woken_at: u64,
    /// See [`By::who`].
    pub(super) woken_by: u64,
    woken_by_site: u32,
    flags: u32,
    pub(super) poll_started: u64,
    pub(super) poll_ended: u64,
    pub(super) busy: u64,
    pub(super) scheduled: u64,
    registrations: [u64; 2],
    polling: u64,
}

impl Snapshot {
    pub(super) fn running(&self) -> bool {
        self.poll_seq & 1 == 1
    }

    /// Woken, or spawned, and not polled since.
    pub(super) fn notified(&self) -> bool {
        self.poll_seq == 0 || self.wakes != self.wakes_seen
    }

    /// Whether Tokio may poll it again although nothing here says so: a wake that had been counted before the
    /// latest poll began may have been acted on after. Then only time, with the runtime going on, can tell.
    pub(super) fn maybe_notified(&self) -> bool {
        self.polling & MAYBE_NOTIFIED != 0
    }

    pub(super) fn parked(&self) -> bool {
        !self.running() && !self.notified()
    }

    /// Site of the task that woke it last, or one of the markers.
    pub(super) fn woken_by_site(&self) -> u32 {
        let site = self.woken_by_site & SITE_MASK;
        // Sites are far fewer than would reach the markers.
        if site >= BY_THREAD & SITE_MASK { site | !SITE_MASK } else { site }
    }

    /// The thread that woke it first since its latest poll, and the one that polled it last.
    pub(super) fn threads(&self) -> (Place, Place) {
        let woken_on = Place::from_bits(u64::from(self.woken_by_site >> SITE_BITS));
        (woken_on, Place::from_bits((self.polling & THREAD) >> THREAD_SHIFT))
    }

    /// Since when it has been waiting for a poll, if it is.
    pub(super) fn waits_for_poll_since(&self) -> Option<Moment> {
        // A wake counts itself before it notes the time: an older time belongs to a wake before.
        let known = self.notified_at >= self.poll_started;
        (self.notified() && !self.running() && known).then_some(Moment(self.notified_at))
    }

    /// Since when it has been in a poll, or waiting for one that it was woken for.
    pub(super) fn busy_since(&self) -> Option<u64> {
        match (self.running(), self.notified()) {
            (true, _) => Some(self.poll_started),
            (false, true) => Some(self.notified_at),
            (false, false) => None,
        }
    }

    pub(super) fn closed(&self) -> bool {
        self.wakers & CLOSED != 0
    }

    /// Whether it has been seen to wait on a cancellation token.
    pub(super) fn on_token(&self) -> bool {
        self.flags & ON_TOKEN != 0
    }

    pub(super) fn own(&self) -> bool {
        self.flags & OWN != 0
    }

    pub(super) fn named(&self) -> bool {
        self.flags & NAMED != 0
    }

    pub(super) fn unaccounted(&self) -> bool {
        self.flags & UNACCOUNTED != 0
    }

    pub(super) fn polls(&self) -> u64 {
        self.poll_seq.div_ceil(2)
    }

    pub(super) fn live_wakers(&self) -> u64 {
        (self.wakers & LIVE) / WAKER
    }

    pub(super) fn clones(&self) -> u64 {
        self.wakers / CLONE
    }

    pub(super) fn wakes(&self) -> u64 {
        self.wakes
    }

    pub(super) fn self_wakes(&self) -> u64 {
        self.polling / SELF_WAKE
    }

    /// The registered stacks with their poll numbers, latest first.
    ///
    /// A timer that fires leaves a registration in the very poll that it causes, of a waker that is gone by the end of
    /// that poll. So of two in one poll only as many count as there are wakers, and the latest always.
    pub(super) fn registrations(&self) -> impl Iterator<Item = (u32, u64)> {
        let [latest, earlier] = self.registrations;
        let poll = |entry: u64| entry & u64::from(u32::MAX);
        let over = poll(latest) == poll(earlier)
            && self.live_wakers() < 2
            && !self.unaccounted()
            && !self.running();
        [latest, if over { 0 } else { earlier }]
            .into_iter()
            .filter(|entry| *entry != 0)
            .map(move |entry| ((entry >> 32) as u32, poll(entry)))
    }

    /// A number that changes whenever the task is polled, woken, or its wakers are cloned or dropped.
    pub(super) fn fingerprint(&self) -> u32 {
        let mixed =
            [self.poll_seq, self.wakers, self.wakes].into_iter().fold(0u64, |hash, word| {
                (hash.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            });
        // 0 and 1 are no fingerprints: see `Cold`.
        ((mixed >> 32) as u32).max(2)
    }
}
