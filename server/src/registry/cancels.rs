//! Who was told to stop.
//!
//! A task that waits on a cancellation token and is woken may have been woken by the token's `cancel`. Which wakes
//! are, their stacks tell, once their symbols are resolved; until then they are kept as candidates. The tasks that
//! heed the token are gone by then. What remains are those that were woken and go on, and those that waited on a token
//! before, do not at present, and share their spawner or their request with one that was woken.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stranded_analysis::facts::{CancelSeen, Cancelled, Moment, SiteId, TaskRef};
use stranded_analysis::histogram::LogHistogram;

use super::cold::Cold;
use super::slot::{By, Slot, Snapshot};
use super::{Registry, SlotId};
use crate::stack::{CANCELS, CLASSIFIED, Interner, TOKEN};

/// Wakes remembered.
const LIMIT: usize = 1024;
/// Of those, the latest that are looked at for the same one.
const NEAR: usize = 16;
/// Wakes with the same stack this shortly after each other are one: a token wakes all that wait on it.
const ONE: u64 = 1_000_000_000;

/// Tasks that wait on tokens and were woken, all by one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// Counts the events from 1.
    number: u32,
    /// The stack of the wake.
    stack: u32,
    /// What the woken tasks have in common: spawner, and scope plus 1; 0: none.
    spawner: u64,
    scope: u32,
    at: Moment,
    /// Slot id and Tokio's number of the task that did it; slot id 0: none.
    by: (u64, u64),
}

/// The latest such wakes, oldest first.
#[derive(Debug)]
pub(super) struct Cancels {
    events: Mutex<Vec<Event>>,
    /// The number of the next one.
    next: AtomicU32,
}

impl Default for Cancels {
    fn default() -> Self {
        Self { events: Mutex::new(Vec::with_capacity(LIMIT)), next: AtomicU32::new(1) }
    }
}

impl Cancels {
    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers an event, unless it is part of a known one, and gives its number.
    fn note(&self, new: Event) -> u32 {
        let mut events = self.events();
        let same = |event: &&Event| {
            (event.stack, event.spawner, event.scope) == (new.stack, new.spawner, new.scope)
                && new.at.0.saturating_sub(event.at.0) < ONE
        };
        if let Some(known) = events.iter().rev().take(NEAR).find(same) {
            return known.number;
        }
        let number = self.next.fetch_add(1, Relaxed);
        if events.len() >= LIMIT {
            events.remove(0);
        }
        events.push(Event { number, ..new });
        number
    }

    /// The events that are cancellations, and the stacks of which nobody knows yet.
    pub(super) fn known(&self, stacks: &Interner) -> (Vec<Event>, Vec<u32>) {
        let mut events = self.events();
        events
            .retain(|event| !stacks.is(event.stack, CLASSIFIED) || stacks.is(event.stack, CANCELS));
        let (cancels, open): (Vec<Event>, Vec<Event>) =
            events.iter().partition(|event| stacks.is(event.stack, CANCELS));
        let mut open: Vec<_> = open.into_iter().map(|event| event.stack).collect();
        open.dedup();
        (cancels, open)
    }

    pub(super) fn bytes() -> u64 {
        (LIMIT * size_of::<Event>()) as u64
    }
}

/// What a census knows of cancellations.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Oldest first.
    cancels: Vec<Event>,
    latest: Moment,
}

/// The tasks of one cluster that were told to stop.
#[derive(Debug)]
pub(super) struct CancelTally {
    tasks: u64,
    ago: LogHistogram,
    all_woken: bool,
    latest: Event,
}

impl Registry {
    /// What is known of cancellations by now, and the stacks that may be some.
    pub(super) fn known_cancels(&self) -> (Known, Vec<u32>) {
        let (cancels, open) = self.cancels.known(&self.stacks);
        let latest = cancels.last().map_or(Moment(0), |event| event.at);
        (Known { cancels, latest }, open)
    }

    /// The task registers a waker with `stack` in its own poll.
    #[inline]
    pub(super) fn may_wait_on_token(&self, slot: &Slot, cold: &Cold, stack: u32) {
        if self.stacks.is(stack, TOKEN) {
            slot.set_on_token();
            cold.waits_on_token(self.clock.now());
        }
    }

    /// Whether it waits on a token now. A registration of an earlier poll counts if there is a waker for it.
    fn waits_on_token(&self, seen: &Snapshot) -> bool {
        let latest = seen.registrations().next().map_or(0, |(_, poll)| poll);
        let is_live = |poll| poll == latest || seen.live_wakers() >= 2;
        seen.live_wakers() > 0
            && seen
                .registrations()
                .any(|(stack, poll)| self.stacks.is(stack, TOKEN) && is_live(poll))
    }

    /// A task that has waited on a token is being woken. `wake_stack` gives the stack of that.
    #[cold]
    pub(super) fn maybe_cancelled(
        &self,
        slot: &Slot,
        cold: &Cold,
        (now, by, number): (Moment, &By, u64),
        wake_stack: impl FnOnce() -> Option<u32>,
    ) {
        let waits = slot.read().is_some_and(|seen| self.waits_on_token(&seen));
        let Some(stack) = waits.then(wake_stack).flatten() else { return };
        if self.stacks.is(stack, CLASSIFIED) && !self.stacks.is(stack, CANCELS) {
            return;
        }
        let by = if SlotId::from_raw(by.who).is_some() { by.who } else { 0 };
        let event = self.cancels.note(Event {
            number: 0,
            stack,
            spawner: cold.spawner.load(Relaxed),
            scope: cold.scope.load(Relaxed),
            at: now,
            by: (by, number),
        });
        cold.cancel.store(event, Relaxed);
    }

    /// How and by which cancellation a parked task was told to stop, if it was and goes on.
    pub(super) fn cancelled<'a>(
        &self,
        seen: &Snapshot,
        cold: &Cold,
        known: &'a Known,
        now: Moment,
    ) -> Option<(CancelSeen, &'a Event)> {
        if self.waits_on_token(seen) {
            // Whatever was cancelled up to now, this token was not.
            if !seen.on_token()
                && let Some((slot, _)) = self.slab.get(seen.id)
            {
                slot.set_on_token();
            }
            if cold.waited_on_token().is_none_or(|then| then <= known.latest) {
                cold.waits_on_token(now);
            }
            return None;
        }
        let waited = cold.waited_on_token()?;
        let mut later = known.cancels.iter().filter(|event| waited <= event.at);
        let number = cold.cancel.load(Relaxed);
        if let Some(event) = later.clone().find(|event| event.number == number) {
            return Some((CancelSeen::Woken, event));
        }
        let (spawner, scope) = (cold.spawner.load(Relaxed), cold.scope.load(Relaxed));
        let spawned = Moment(cold.spawned.load(Relaxed));
        let event = later.find(|event| {
            let related =
                (spawner != 0 && event.spawner == spawner) || (scope != 0 && event.scope == scope);
            related && spawned <= event.at
        })?;
        Some((CancelSeen::Sibling, event))
    }

    /// The cancelled tasks of a cluster as facts.
    pub(super) fn cancelled_facts(&self, tally: CancelTally) -> Cancelled {
        let (id, number) = tally.latest.by;
        Cancelled {
            tasks: tally.tasks,
            ago: tally.ago,
            seen: if tally.all_woken { CancelSeen::Woken } else { CancelSeen::Sibling },
            by: SlotId::from_raw(id).map(|id| TaskRef {
                id: Self::task_id(id, number),
                site: self.slab.get(id).map(|(_, cold)| SiteId(cold.site.load(Relaxed))),
                alive: self.is_alive(id),
            }),
            token: None,
        }
    }
}

impl CancelTally {
    /// Adds a task to those of a cluster.
    pub(super) fn add(tally: &mut Option<Self>, seen: CancelSeen, event: &Event, now: Moment) {
        let tally = tally.get_or_insert_with(|| Self {
            tasks: 0,
            ago: LogHistogram::default(),
            all_woken: true,
            latest: *event,
        });
        tally.tasks += 1;
        tally.ago.record(now.since(event.at));
        tally.all_woken &= seen == CancelSeen::Woken;
        if event.at > tally.latest.at {
            tally.latest = *event;
        }
    }
}
