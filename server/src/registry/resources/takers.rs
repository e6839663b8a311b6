//! The tasks that took a resource last.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::mark::{AtomicMark, Mark};

/// Takers kept.
const KEPT: usize = 4;

/// A ring of the last takers; each follows a different one.
#[derive(Debug, Default)]
pub(super) struct Takers {
    next: AtomicU32,
    ring: [AtomicMark; KEPT],
}

impl Takers {
    pub(super) fn reset(&self) {
        self.ring.iter().for_each(|taker| taker.store(None));
    }

    /// `taker` took it now.
    pub(super) fn push(&self, taker: Mark) {
        let next = self.next.load(Relaxed) as usize;
        if self.ring[next.wrapping_sub(1) % KEPT].is(taker.raw) {
            return;
        }
        // Takers that race for a place overwrite each other: then both were last.
        self.ring[next % KEPT].store(Some(taker));
        self.next.store((next as u32).wrapping_add(1), Relaxed);
    }

    /// The takers, latest first.
    pub(super) fn latest(&self) -> impl Iterator<Item = Mark> {
        let next = self.next.load(Relaxed) as usize;
        (1..=KEPT).filter_map(move |back| self.ring[next.wrapping_sub(back) % KEPT].load())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_four_are_known_and_one_that_comes_again_counts_once() {
        let takers = Takers::default();
        for raw in [1, 2, 2, 2, 3, 4, 5, 5] {
            takers.push(Mark { raw, label: raw });
        }
        assert_eq!(takers.latest().map(|mark| mark.raw).collect::<Vec<_>>(), [5, 4, 3, 2]);
        takers.reset();
        assert_eq!(takers.latest().count(), 0);
    }
}
