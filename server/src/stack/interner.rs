//! One number per distinct park stack, found without a lock and, once known, without an allocation.

use std::sync::OnceLock;

use crate::lockfree;
use crate::lockfree::atomic::{
    AtomicU8, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed},
};

/// The most distinct stacks kept.
const TABLE: usize = lockfree::size(1 << 14, 4);
/// Entries tried before a stack is given up.
const PROBES: usize = lockfree::size(16, 4);

/// In [`Interner::marks`]: taken where a task was spawned.
pub(crate) const SPAWN: u8 = 1;
/// Taken where a task was woken.
pub(crate) const WAKE: u8 = 1 << 1;
/// Its symbols have been looked at, so that the following are known;
pub(crate) const CLASSIFIED: u8 = 1 << 2;
/// the wait on a cancellation token;
pub(crate) const TOKEN: u8 = 1 << 3;
/// the cancellation of such a token;
pub(crate) const CANCELS: u8 = 1 << 4;
/// the end of the task's budget, where it goes on at once.
pub(crate) const BUDGET: u8 = 1 << 5;

/// The table of stacks. A stack's number is its place in it; two stacks share a number only if their 64-bit hashes collide.
#[derive(Debug)]
pub(crate) struct Interner {
    hashes: Box<[AtomicU64]>,
    addresses: Box<[OnceLock<Box<[usize]>>]>,
    /// What is known of each stack, in bits.
    marks: Box<[AtomicU8]>,
    lost: AtomicU64,
    bytes: AtomicU64,
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self {
            hashes: (0..TABLE).map(|_| AtomicU64::new(0)).collect(),
            addresses: (0..TABLE).map(|_| OnceLock::new()).collect(),
            marks: (0..TABLE).map(|_| AtomicU8::new(0)).collect(),
            lost: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    /// The number of the stack with that hash (not 0); `addresses` is called if it is new.
    #[inline]
    pub(crate) fn intern(
        &self,
        hash: u64,
        addresses: impl FnOnce() -> Box<[usize]>,
    ) -> Option<u32> {
        for step in 0..PROBES {
            let at = (hash as usize).wrapping_add(step) % TABLE;
            match self.hashes[at].load(Relaxed) {
                found if found == hash => return Some(at as u32),
                0 => match self.hashes[at].compare_exchange(0, hash, AcqRel, Acquire) {
                    Ok(_) => {
                        self.keep(at, addresses());
                        return Some(at as u32);
                    }
                    Err(found) if found == hash => return Some(at as u32),
                    Err(_) => {}
                },
                _ => {}
            }
        }
        self.lost.fetch_add(1, Relaxed);
        None
    }

    #[cold]
    fn keep(&self, at: usize, addresses: Box<[usize]>) {
        self.bytes.fetch_add(size_of_val(&*addresses) as u64, Relaxed);
        let _ = self.addresses[at].set(addresses);
    }

    /// The return addresses of a stack, innermost first.
    pub(crate) fn addresses(&self, number: u32) -> Option<&[usize]> {
        self.addresses.get(number as usize)?.get().map(|addresses| &**addresses)
    }

    /// Notes something of a stack.
    pub(crate) fn mark(&self, number: u32, mark: u8) {
        if let Some(marks) = self.marks.get(number as usize)
            && marks.load(Relaxed) & mark == 0
        {
            marks.fetch_or(mark, Relaxed);
        }
    }

    /// Whether that was noted of a stack.
    #[inline]
    pub(crate) fn is(&self, number: u32, mark: u8) -> bool {
        self.marks.get(number as usize).is_some_and(|marks| marks.load(Relaxed) & mark != 0)
    }

    /// Registrations whose stack found no room.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    pub(crate) fn bytes(&self) -> u64 {
        let entry =
            size_of::<AtomicU64>() + size_of::<OnceLock<Box<[usize]>>>() + size_of::<AtomicU8>();
        (TABLE * entry) as u64 + self.bytes.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_kept_once_and_given_back() {
        let interner = Interner::new();
        let first = interner.intern(77, || Box::new([1, 2, 3])).unwrap();
        assert_eq!(interner.intern(77, || unreachable!("known")), Some(first));
        let second = interner.intern(77 + TABLE as u64, || Box::new([4])).unwrap();
        assert_ne!(first, second, "another hash at the same place");
        assert_eq!(interner.addresses(first), Some(&[1, 2, 3][..]));
        assert_eq!(interner.addresses(second), Some(&[4][..]));
        assert_eq!(interner.lost(), 0);
    }

    #[test]
    fn a_full_table_loses_stacks_and_says_so() {
        let interner = Interner::new();
        let kept = (1..=2 * TABLE as u64)
            .filter(|&hash| interner.intern(hash, || Box::new([])).is_some())
            .count();
        assert_eq!(kept, TABLE);
        assert_eq!(interner.lost(), TABLE as u64);
    }
}
