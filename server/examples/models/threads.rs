//! In place of the agent's `threads`, which knows real ones only.

/// A thread's record, in a few bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u16);

impl Place {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const BITS: u32 = 12;

    pub(crate) fn bits(self) -> u64 {
        u64::from(self.0)
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self((bits & ((1 << Self::BITS) - 1)) as u16)
    }
}
