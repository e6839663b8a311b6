//! Span ids of resources and their operations: told from those of tasks by the highest bit.
//!
//! They carry the tag of [`SlotId`](super::super::id::SlotId), so that the application's ids never look like one.

use std::num::NonZeroU64;

use super::super::id::TAG;

/// Set in the ids of resources and operations, clear in those of tasks.
pub(crate) const THING: u64 = 1 << 63;
/// Bits of the slot index.
const INDEX_BITS: u32 = 26;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
/// Generation bits below the tag.
const LOW_BITS: u32 = 50 - INDEX_BITS;
const LOW_MASK: u64 = (1 << LOW_BITS) - 1;
/// Generation bits above the tag.
const HIGH_MASK: u64 = (1 << 10) - 1;
const CLASS_SHIFT: u32 = 61;

/// What an id is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Class {
    /// A resource.
    Resource = 0,
    /// The semaphore inside a mutex, rwlock or semaphore: another name of that resource.
    Inner = 1,
    /// An operation on a resource.
    Op = 2,
}

/// The id of a resource or of an operation: never reused within 2^34 uses of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ThingId(NonZeroU64);

impl ThingId {
    /// The id of what slot `index` holds in its `generation`.
    pub(crate) fn new(class: Class, index: u32, generation: u64) -> Self {
        let low = (generation & LOW_MASK) << INDEX_BITS;
        let high = ((generation >> LOW_BITS) & HIGH_MASK) << 51;
        let class = u64::from(class as u8) << CLASS_SHIFT;
        let raw = THING | class | high | TAG | low | (u64::from(index) & INDEX_MASK);
        Self(NonZeroU64::new(raw).expect("the tag is set"))
    }

    /// The thing behind a span id that carries the tag.
    #[inline]
    pub(crate) fn from_raw(raw: u64) -> Option<Self> {
        if raw & THING == 0 || raw & TAG == 0 { None } else { NonZeroU64::new(raw).map(Self) }
    }

    /// The span id.
    #[inline]
    pub(crate) fn raw(self) -> u64 {
        self.0.get()
    }

    /// The slot.
    #[inline]
    pub(crate) fn index(self) -> u32 {
        (self.raw() & INDEX_MASK) as u32
    }

    /// What it is of.
    #[inline]
    pub(crate) fn class(self) -> Class {
        match (self.raw() >> CLASS_SHIFT) & 3 {
            0 => Class::Resource,
            1 => Class::Inner,
            _ => Class::Op,
        }
    }

    /// Whether it is of an operation.
    #[inline]
    pub(crate) fn is_op(self) -> bool {
        self.class() == Class::Op
    }

    /// The same slot under another class.
    #[inline]
    pub(crate) fn with_class(self, class: Class) -> Self {
        let raw = self.raw() & !(3 << CLASS_SHIFT) | u64::from(class as u8) << CLASS_SHIFT;
        NonZeroU64::new(raw).map_or(self, Self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::id::SlotId;
    use super::*;

    #[test]
    fn an_id_gives_back_its_class_and_slot_and_is_no_task() {
        for class in [Class::Resource, Class::Inner, Class::Op] {
            for index in [0, 77, INDEX_MASK as u32] {
                for generation in [0, 1, LOW_MASK + 1, (1 << 34) - 1] {
                    let id = ThingId::new(class, index, generation);
                    assert_eq!((id.class(), id.index()), (class, index));
                    assert_eq!(ThingId::from_raw(id.raw()), Some(id));
                    assert_eq!(SlotId::from_raw(id.raw()), None);
                    let resource = ThingId::new(Class::Resource, index, generation);
                    assert_eq!(id.with_class(Class::Resource), resource);
                }
            }
        }
        assert_eq!(ThingId::from_raw(SlotId::new(3, 4).raw()), None);
    }
}
