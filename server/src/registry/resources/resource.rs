//! One resource: its state, written in place by whoever changes it.

use std::sync::atomic::{
    AtomicU8, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use stranded_analysis::facts::{Moment, ResourceKind, ResourceState};

use super::ThingId;
use super::holders::{Holders, Taking};
use super::mark::{AtomicMark, Mark};
use super::takers::Takers;

/// The ends and the value of a oneshot channel, as bits of [`ResourceSlot::value`].
pub(super) const TX_DROPPED: u64 = 1;
pub(super) const RX_DROPPED: u64 = 1 << 1;
pub(super) const SENT: u64 = 1 << 2;

/// In [`ResourceSlot::value`] of a semaphore: more was given back than was seen taken.
const DRIFTED: u64 = 1 << 63;

/// What is known of a resource when it is created.
#[derive(Clone, Copy, Debug)]
pub(super) struct Created {
    pub(super) kind: ResourceKind,
    /// Its number among places; 0: none.
    pub(super) place: u32,
    pub(super) number: u64,
    pub(super) at: Moment,
    pub(super) by: Option<Mark>,
    /// See [`super::level`].
    pub(super) era: u32,
}

/// What is kept of one resource.
#[derive(Debug, Default)]
pub(super) struct ResourceSlot {
    /// Its id; 0 while free.
    pub(super) id: AtomicU64,
    /// Handles to its span, and one for its inner semaphore if that has any.
    pub(super) refs: AtomicU32,
    /// Handles to the span of its inner semaphore.
    pub(super) inner_refs: AtomicU32,
    kind: AtomicU8,
    place: AtomicU32,
    pub(super) era: AtomicU32,
    number: AtomicU64,
    created: AtomicU64,
    creator: AtomicMark,
    /// The resource that it is a part of, by id; 0: none.
    pub(super) owner: AtomicU64,
    handed_over: AtomicU64,
    /// Permits to be had, writers, tasks that have arrived, bits of a channel, or when a timer fires.
    value: AtomicU64,
    /// Permits at first, or tasks that must arrive.
    size: AtomicU64,
    holders: Holders,
    takers: Takers,
}

impl ResourceSlot {
    pub(super) fn reset(&self, created: &Created) {
        self.refs.store(1, Relaxed);
        self.inner_refs.store(0, Relaxed);
        let kind = ResourceKind::KNOWN.iter().position(|known| *known == created.kind);
        self.kind.store(kind.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX), Relaxed);
        self.place.store(created.place, Relaxed);
        self.era.store(created.era, Relaxed);
        self.number.store(created.number, Relaxed);
        self.created.store(created.at.0, Relaxed);
        self.creator.store(created.by);
        self.owner.store(0, Relaxed);
        self.handed_over.store(0, Relaxed);
        self.value.store(0, Relaxed);
        self.size.store(0, Relaxed);
        self.holders.reset();
        self.takers.reset();
    }

    pub(super) fn kind(&self) -> ResourceKind {
        let at = usize::from(self.kind.load(Relaxed));
        ResourceKind::KNOWN.get(at).copied().unwrap_or(ResourceKind::Unknown)
    }

    /// Whether it is a lock, of which guards tell who holds it.
    pub(super) fn is_lock(&self) -> bool {
        matches!(self.kind(), ResourceKind::Mutex | ResourceKind::RwLock)
    }

    pub(super) fn number(&self) -> u64 {
        self.number.load(Relaxed)
    }

    pub(super) fn place(&self) -> u32 {
        self.place.load(Relaxed)
    }

    pub(super) fn created(&self) -> (Moment, Option<Mark>) {
        (Moment(self.created.load(Relaxed)), self.creator.load())
    }

    pub(super) fn handed_over(&self) -> Option<Moment> {
        super::super::rows::moment(self.handed_over.load(Relaxed))
    }

    pub(super) fn holders(&self) -> &Holders {
        &self.holders
    }

    pub(super) fn takers(&self) -> &Takers {
        &self.takers
    }

    /// A lock is taken.
    pub(super) fn take(&self, taking: Taking) {
        self.holders.take(taking);
        if !taking.shared {
            self.value.fetch_add(1, Relaxed);
        }
        self.handed(taking.by, taking.at);
    }

    /// A lock is given back.
    pub(super) fn give(&self, by: Option<Mark>, shared: bool, now: Moment) {
        self.holders.give(by, shared);
        if !shared {
            let _ = self.value.fetch_update(Relaxed, Relaxed, |value| value.checked_sub(1));
        }
        self.handed_over.store(now.0, Relaxed);
    }

    /// It was handed over, to `taker` if to a task.
    pub(super) fn handed(&self, taker: Option<Mark>, now: Moment) {
        self.handed_over.store(now.0, Relaxed);
        if let Some(taker) = taker {
            self.takers.push(taker);
        }
    }

    /// The permits of a semaphore, as it is created.
    pub(super) fn set_permits(&self, permits: u64) {
        self.value.store(permits, Relaxed);
        self.size.store(permits, Relaxed);
    }

    /// Permits went into the semaphore, or came out of it.
    ///
    /// A `try_acquire` takes some unseen, so that what is counted can only be too much.
    pub(super) fn move_permits(&self, permits: u64, into: bool) {
        let _ = self.value.fetch_update(Relaxed, Relaxed, |value| {
            let (drifted, count) = (value & DRIFTED, value & !DRIFTED);
            Some(if into {
                let count = count.saturating_add(permits).min(!DRIFTED);
                let more = if count > self.size.load(Relaxed) { DRIFTED } else { 0 };
                drifted | more | count
            } else {
                drifted | count.saturating_sub(permits)
            })
        });
    }

    /// One more task has arrived at a barrier, or `None`: the last one has, and it begins anew.
    pub(super) fn arrive(&self, arrived: Option<u64>) {
        // Under the barrier's own lock, one after the other.
        let before = self.value.load(Relaxed);
        self.value.store(arrived.map_or(0, |more| before.saturating_add(more)), Relaxed);
    }

    /// How many tasks must arrive at a barrier.
    pub(super) fn set_size(&self, size: u64) {
        self.size.store(size, Relaxed);
    }

    /// Something became of an end of a oneshot channel.
    pub(super) fn set_ends(&self, bits: u64, now: Moment) {
        self.value.fetch_or(bits, Release);
        if bits & SENT != 0 {
            self.handed_over.store(now.0, Relaxed);
        }
    }

    /// When a timer fires.
    pub(super) fn set_due(&self, due: Moment) {
        self.value.store(due.0, Relaxed);
    }

    /// A task has touched it.
    pub(super) fn touch(&self, by: Mark, alive: impl Fn(Mark) -> bool, now: Moment) {
        self.holders.enter_once(by, alive, now);
    }

    /// When a timer fires; `None`: not known.
    pub(super) fn due(&self) -> Option<Moment> {
        super::super::rows::moment(self.value.load(Relaxed))
    }

    /// Its state. `queued`: whether somebody stands in the queue of its semaphore.
    pub(super) fn state(&self, held: &super::holders::Held, queued: bool) -> ResourceState {
        let value = self.value.load(Acquire);
        let size = self.size.load(Relaxed);
        match self.kind() {
            ResourceKind::Mutex => ResourceState::Locked(held.count > 0),
            ResourceKind::RwLock => ResourceState::ReadWrite {
                writer: value > 0,
                readers: held.count.saturating_sub(value),
            },
            ResourceKind::Semaphore | ResourceKind::OnceCell | ResourceKind::ChannelRoom => {
                // Whoever finds too few permits takes what there is and queues for the rest.
                let available = if queued { 0 } else { value & !DRIFTED };
                let fixed = self.kind() != ResourceKind::Semaphore;
                ResourceState::Permits {
                    available: if fixed { available.min(size) } else { available },
                    capacity: (fixed || value & DRIFTED == 0).then_some(size),
                }
            }
            ResourceKind::Barrier => ResourceState::Barrier { size, arrived: value },
            ResourceKind::Oneshot => ResourceState::Oneshot {
                sent: value & SENT != 0,
                tx_dropped: value & TX_DROPPED != 0,
                rx_dropped: value & RX_DROPPED != 0,
            },
            ResourceKind::Sleep | ResourceKind::Interval => {
                ResourceState::Timer { due: self.due() }
            }
            _ => ResourceState::Unknown,
        }
    }

    /// The resource that it is a part of.
    pub(super) fn owner(&self) -> Option<ThingId> {
        ThingId::from_raw(self.owner.load(Relaxed))
    }
}
