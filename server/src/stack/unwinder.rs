//! The slow capture, for builds without frame pointers: some microseconds a stack, so under a budget.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use stranded_analysis::facts::Moment;

use super::{Interner, MAX_FRAMES};

/// Frames kept above the address at which the poll began. Those of the poll's first calls can lie there, too; of the
/// runtime's own, a needless one would tell equal waits apart by who ran them.
const ROOT_ABOVE: usize = 8;

/// How many stacks may still be unwound in the current second.
#[derive(Debug)]
pub(crate) struct Budget {
    per_second: u64,
    /// The second above, stacks unwound in it below.
    used: AtomicU64,
}

impl Budget {
    /// That many stacks a second at the most.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.into(), used: AtomicU64::new(0) }
    }

    /// Takes one stack from the budget, if there is one left.
    pub(crate) fn take(&self, now: Moment) -> bool {
        let second = now.0 / 1_000_000_000;
        let taken = self.used.fetch_update(Relaxed, Relaxed, |used| {
            let count = if used >> 32 == second { used & u64::from(u32::MAX) } else { 0 };
            (count < self.per_second).then(|| second << 32 | (count + 1))
        });
        taken.is_ok()
    }
}

/// Unwinds from here to some frames above the address `root`, and gives the number of the stack.
pub(super) fn capture(root: usize, interner: &Interner) -> Option<u32> {
    let mut addresses = [0usize; MAX_FRAMES];
    let (mut count, mut above) = (0, 0);
    unwind(|frame| {
        addresses[count] = frame.ip() as usize;
        count += 1;
        above += usize::from(root != 0 && frame.sp() as usize > root);
        count < MAX_FRAMES && above < ROOT_ABOVE
    });
    let addresses = &addresses[..count];
    let mixed = addresses.iter().fold(0u64, |hash, &address| {
        (hash.rotate_left(5) ^ address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    interner.intern(mixed.max(1), || addresses.into())
}

/// Like `backtrace::trace`, but without its lock, which is held while symbols are read: for a second, maybe.
#[cfg(unix)]
#[expect(unsafe_code, reason = "unwinds without a lock that this platform has no need for")]
fn unwind(see: impl FnMut(&backtrace::Frame) -> bool) {
    // SAFETY: the lock is for platforms whose unwinder is not thread-safe, which the one of Unix is.
    unsafe { backtrace::trace_unsynchronized(see) }
}

#[cfg(not(unix))]
fn unwind(see: impl FnMut(&backtrace::Frame) -> bool) {
    backtrace::trace(see);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_budget_holds_for_a_second_and_is_new_in_the_next() {
        let budget = Budget::new(200);
        let taken = |second: u64| {
            (0..1000).filter(|_| budget.take(Moment(second * 1_000_000_000 + 5))).count()
        };
        assert_eq!(taken(7), 200);
        assert_eq!(taken(7), 0);
        assert_eq!(taken(8), 200);
    }

    #[test]
    fn nobody_waits_for_somebody_who_reads_symbols() {
        let (captured, done) = mpsc::channel();
        backtrace::trace(|_| {
            let captured = captured.clone();
            std::thread::spawn(move || captured.send(capture(0, &Interner::new())));
            let found = done.recv_timeout(Duration::from_secs(20)).expect("it waits for nobody");
            assert!(found.is_some());
            false
        });
    }
}
