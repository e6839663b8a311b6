//! The slow capture, for builds without frame pointers: some microseconds a stack, so under a budget.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use stranded_analysis::facts::Moment;

use super::{Interner, MAX_FRAMES};

/// Stacks unwound in one second at the most.
const PER_SECOND: u64 = 200;

/// How many stacks may still be unwound in the current second.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// The second above, stacks unwound in it below.
    used: AtomicU64,
}

impl Budget {
    /// Takes one stack from the budget, if there is one left.
    pub(crate) fn take(&self, now: Moment) -> bool {
        let second = now.0 / 1_000_000_000;
        let taken = self.used.fetch_update(Relaxed, Relaxed, |used| {
            let count = if used >> 32 == second { used & u64::from(u32::MAX) } else { 0 };
            (count < PER_SECOND).then(|| second << 32 | (count + 1))
        });
        taken.is_ok()
    }
}

/// Unwinds from here and gives the number of the stack.
pub(super) fn capture(interner: &Interner) -> Option<u32> {
    let mut addresses = [0usize; MAX_FRAMES];
    let mut count = 0;
    backtrace::trace(|frame| {
        addresses[count] = frame.ip() as usize;
        count += 1;
        count < MAX_FRAMES
    });
    let addresses = &addresses[..count];
    let mixed = addresses.iter().fold(0u64, |hash, &address| {
        (hash.rotate_left(5) ^ address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    interner.intern(mixed.max(1), || addresses.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_holds_for_a_second_and_is_new_in_the_next() {
        let budget = Budget::default();
        let taken = |second: u64| {
            (0..1000).filter(|_| budget.take(Moment(second * 1_000_000_000 + 5))).count()
        };
        assert_eq!(taken(7), 200);
        assert_eq!(taken(7), 0);
        assert_eq!(taken(8), 200);
    }
}
