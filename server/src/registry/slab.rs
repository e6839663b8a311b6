//! The tables of slots, of tasks as of resources: chunks that are allocated as needed and never freed or moved, and lock-free free lists.
//!
//! A reference to a slot is therefore valid for ever; what it holds is told by the id in it. A freed slot
//! goes to the list of the freeing thread's shard and is taken from the spawning thread's first.

use std::sync::OnceLock;

use super::cold::Cold;
use super::id::{MAX_SLOTS, SlotId};
use super::slot::Slot;
use crate::lockfree;
use crate::lockfree::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

/// Slots in a chunk.
const CHUNK: usize = lockfree::size(1024, 2);
/// Free lists.
const SHARDS: usize = lockfree::size(8, 2);

/// What lies beside a slot, and while it is free links it to the next free one.
pub(super) trait Linked {
    /// The next slot in the free list, plus 1.
    fn next_free(&self) -> &AtomicU32;
}

#[derive(Debug)]
struct Chunk<S, C> {
    slots: Box<[S]>,
    cold: Box<[C]>,
}

impl<S: Default, C: Default> Chunk<S, C> {
    fn new() -> Self {
        Self {
            slots: (0..CHUNK).map(|_| S::default()).collect(),
            cold: (0..CHUNK).map(|_| C::default()).collect(),
        }
    }
}

/// The head of one free list: a change counter above (against ABA), slot index + 1 below; alone on its line.
#[repr(align(128))]
#[derive(Debug, Default)]
struct Head(AtomicU64);

/// All slots of one kind, each with its cold facts.
#[derive(Debug)]
pub(super) struct Slab<S = Slot, C = Cold> {
    chunks: Box<[OnceLock<Chunk<S, C>>]>,
    free: [Head; SHARDS],
    /// Slots ever used.
    used: AtomicU32,
    limit: u32,
}

impl<S: Default, C: Default + Linked> Slab<S, C> {
    /// The memory of one slot.
    const BYTES_PER_SLOT: u64 = (size_of::<S>() + size_of::<C>()) as u64;

    /// A table of at most `bytes`.
    pub(super) fn within(bytes: u64) -> Self {
        Self::new(u32::try_from(bytes / Self::BYTES_PER_SLOT).unwrap_or(u32::MAX))
    }

    /// A table of at most `limit` slots.
    pub(super) fn new(limit: u32) -> Self {
        let limit = limit.min(MAX_SLOTS);
        let chunks = (limit as usize).div_ceil(CHUNK);
        Self {
            chunks: (0..chunks).map(|_| OnceLock::new()).collect(),
            free: Default::default(),
            used: AtomicU32::new(0),
            limit,
        }
    }

    /// How many slots were ever used: the range that a scan covers.
    pub(super) fn used(&self) -> u32 {
        self.used.load(Acquire).min(self.limit)
    }

    /// The slot at `index`, if its chunk exists.
    #[inline]
    pub(super) fn at(&self, index: u32) -> Option<(&S, &C)> {
        let index = index as usize;
        let chunk = self.chunks.get(index / CHUNK)?.get()?;
        Some((&chunk.slots[index % CHUNK], &chunk.cold[index % CHUNK]))
    }

    /// A free slot for the exclusive use of the caller until it publishes it; `None`: all are in use.
    pub(super) fn take(&self, shard: usize) -> Option<(u32, &S, &C)> {
        let index = (0..SHARDS)
            .find_map(|step| self.pop((shard + step) % SHARDS))
            .or_else(|| self.fresh())?;
        let chunk = self.chunks[index as usize / CHUNK].get_or_init(Chunk::new);
        Some((index, &chunk.slots[index as usize % CHUNK], &chunk.cold[index as usize % CHUNK]))
    }

    /// A slot that was never used.
    fn fresh(&self) -> Option<u32> {
        self.used.fetch_update(AcqRel, Relaxed, |used| (used < self.limit).then(|| used + 1)).ok()
    }

    /// Gives back the slot at `index`, whose id the caller has cleared.
    pub(super) fn give_back(&self, index: u32, shard: usize) {
        let Some((_, cold)) = self.at(index) else {
            return;
        };
        let head = &self.free[shard % SHARDS].0;
        let mut old = head.load(Relaxed);
        loop {
            cold.next_free().store(old as u32, Relaxed);
            let new = (old >> 32).wrapping_add(1) << 32 | u64::from(index + 1);
            match head.compare_exchange_weak(old, new, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => old = now,
            }
        }
    }

    fn pop(&self, shard: usize) -> Option<u32> {
        let head = &self.free[shard].0;
        let mut old = head.load(Acquire);
        loop {
            let index = (old as u32).checked_sub(1)?;
            // Another thread may take and reuse the slot meanwhile; then the counter has moved, and what was
            // read here is thrown away.
            let next = self.at(index)?.1.next_free().load(Relaxed);
            let new = (old >> 32).wrapping_add(1) << 32 | u64::from(next);
            match head.compare_exchange_weak(old, new, AcqRel, Acquire) {
                Ok(_) => return Some(index),
                Err(now) => old = now,
            }
        }
    }

    /// Bytes held by the chunks in use.
    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.used()).div_ceil(CHUNK as u64) * CHUNK as u64 * Self::BYTES_PER_SLOT
    }
}

impl Slab {
    /// The slot that holds the task `id` now.
    #[inline]
    pub(super) fn get(&self, id: SlotId) -> Option<(&Slot, &Cold)> {
        self.at(id.index()).filter(|(slot, _)| slot.holds(id))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn slots_are_reused_before_new_ones_are_taken_and_the_limit_holds() {
        let slab = Slab::<Slot, Cold>::new(3);
        let taken: Vec<_> = (0..3).map(|_| slab.take(0).unwrap().0).collect();
        assert_eq!(taken, [0, 1, 2]);
        assert!(slab.take(0).is_none());
        slab.give_back(1, 5);
        assert_eq!(slab.take(0).unwrap().0, 1, "found in another shard's list");
        assert!(slab.take(0).is_none());
    }

    #[test]
    fn no_slot_is_ever_given_to_two_owners() {
        let slab = Slab::<Slot, Cold>::new(64);
        let owned = Mutex::new(HashSet::new());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (slab, owned) = (&slab, &owned);
                scope.spawn(move || {
                    for round in 0..20_000 {
                        let Some((index, _, _)) = slab.take(thread) else {
                            continue;
                        };
                        assert!(owned.lock().unwrap().insert(index), "slot {index} has two owners");
                        assert!(owned.lock().unwrap().remove(&index));
                        slab.give_back(index, thread + round % 2);
                    }
                });
            }
        });
        let mut all = HashSet::new();
        while let Some((index, _, _)) = slab.take(0) {
            assert!(all.insert(index));
        }
        assert_eq!(all.len(), 64, "no slot was lost");
    }
}
