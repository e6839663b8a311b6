//! Span ids of our own: a tag that no user id carries, a slot index and a generation.
//!
//! Bit 50 is the tag. `tracing_subscriber::Registry` packs a slab index, a shard below 4,096 (bits 38 to 49)
//! and a generation (bits 51 to 63) into its ids and so never sets it; once another subscriber does, the tee
//! asks the slot whether an id is ours.

use std::num::NonZeroU64;

use super::resources::THING;

/// Bits of the slot index.
const INDEX_BITS: u32 = 26;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
/// The tag.
pub(super) const TAG: u64 = 1 << 50;
/// Generation bits below the tag.
const LOW_BITS: u32 = 50 - INDEX_BITS;
const LOW_MASK: u64 = (1 << LOW_BITS) - 1;
/// Generation bits above the tag; bit 63 stays clear, as it marks resources: see [`super::resources::id`].
const HIGH_MASK: u64 = (1 << 12) - 1;

/// The most slots that ids can tell apart; the last index means "no slot".
pub(crate) const MAX_SLOTS: u32 = INDEX_MASK as u32;

/// The id of a task in the registry: never reused within 2^32 tasks of one slot, which are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SlotId(NonZeroU64);

impl SlotId {
    /// The id of the task that slot `index` holds in its `generation`.
    pub(crate) fn new(index: u32, generation: u64) -> Self {
        let low = (generation & LOW_MASK) << INDEX_BITS;
        let high = ((generation >> LOW_BITS) & HIGH_MASK) << 51;
        Self(
            NonZeroU64::new(high | TAG | low | (u64::from(index) & INDEX_MASK))
                .expect("the tag is set"),
        )
    }

    /// The id given to tasks that are not tracked.
    pub(crate) fn untracked() -> Self {
        Self::new(MAX_SLOTS, 0)
    }

    /// The id given to the spans that the agent's own libraries open: nobody sees them.
    pub(crate) fn hidden() -> Self {
        Self::new(MAX_SLOTS, 1)
    }

    /// The id behind a span id, if it carries the tag.
    #[inline]
    pub(crate) fn from_raw(raw: u64) -> Option<Self> {
        if raw & (TAG | THING) == TAG { NonZeroU64::new(raw).map(Self) } else { None }
    }

    /// The span id.
    #[inline]
    pub(crate) fn raw(self) -> u64 {
        self.0.get()
    }

    /// The slot.
    #[inline]
    pub(crate) fn index(self) -> u32 {
        (self.0.get() & INDEX_MASK) as u32
    }

    /// Whether this is the id of tasks that are not tracked.
    #[inline]
    pub(crate) fn is_untracked(self) -> bool {
        self == Self::untracked()
    }

    /// Which use of the slot.
    #[cfg(test)]
    pub(crate) fn generation(self) -> u64 {
        let raw = self.0.get();
        ((raw >> INDEX_BITS) & LOW_MASK) | (((raw >> 51) & HIGH_MASK) << LOW_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::super::resources::ThingId;
    use super::*;

    #[test]
    fn an_id_gives_back_its_slot_and_generation() {
        for index in [0, 1, 1_234_567, MAX_SLOTS - 1] {
            for generation in [0, 1, LOW_MASK, LOW_MASK + 1, (1 << 36) - 1] {
                let id = SlotId::new(index, generation);
                assert_eq!((id.index(), id.generation()), (index, generation));
                assert_eq!(SlotId::from_raw(id.raw()), Some(id));
                assert_eq!(id.raw() >> 63, 0);
            }
        }
    }

    #[test]
    fn ids_of_the_tracing_registry_never_carry_the_tag() {
        // Largest index and shard, all generations set.
        let registry_id = (0x1FFF << 51) | (0xFFF << 38) | ((1 << 38) - 1);
        assert_eq!(SlotId::from_raw(registry_id), None);
        assert_eq!(ThingId::from_raw(registry_id), None);
        assert_eq!(SlotId::from_raw(1), None);
    }
}
