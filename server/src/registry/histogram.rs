//! A log-scale histogram that many threads fill at once.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use stranded_analysis::histogram::{BUCKETS, LogHistogram, bucket_of};

/// Counts of durations per bucket of [`LogHistogram`].
#[derive(Debug)]
pub(super) struct SharedHistogram(Box<[AtomicU64]>);

impl SharedHistogram {
    /// Bytes on the heap.
    pub(super) const BYTES: usize = BUCKETS * size_of::<AtomicU64>();

    pub(super) fn new() -> Self {
        Self((0..BUCKETS).map(|_| AtomicU64::new(0)).collect())
    }

    /// Counts one duration exactly.
    pub(super) fn record(&self, ns: u64) {
        self.0[bucket_of(ns)].fetch_add(1, Relaxed);
    }

    /// Counts one duration, giving up exactness for speed: of two threads that count in the same bucket at the
    /// same instant, one may be lost. For distributions only.
    #[inline]
    pub(super) fn sample(&self, ns: u64) {
        let bucket = &self.0[bucket_of(ns)];
        bucket.store(bucket.load(Relaxed).wrapping_add(1), Relaxed);
    }

    pub(super) fn read(&self) -> LogHistogram {
        let counts = self.0.iter().map(|count| count.load(Relaxed));
        LogHistogram::from_buckets(counts.enumerate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_year_keeps_its_proportions() {
        let histogram = SharedHistogram::new();
        let polls_of_a_year = 100_000 * 365 * 24 * 3600;
        histogram.0[bucket_of(700)].store(polls_of_a_year, Relaxed);
        histogram.sample(700);
        histogram.record(700);
        assert_eq!(histogram.read().count(), polls_of_a_year + 2);
    }
}
