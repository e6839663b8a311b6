//! A log-scale histogram that many threads fill at once.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use stranded_analysis::histogram::{BUCKETS, LogHistogram, bucket_of};

/// Counts of durations per bucket of [`LogHistogram`].
#[derive(Debug)]
pub(super) struct SharedHistogram(Box<[AtomicU32]>);

impl SharedHistogram {
    pub(super) fn new() -> Self {
        Self((0..BUCKETS).map(|_| AtomicU32::new(0)).collect())
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
        bucket.store(bucket.load(Relaxed).saturating_add(1), Relaxed);
    }

    pub(super) fn read(&self) -> LogHistogram {
        let counts = self.0.iter().map(|count| u64::from(count.load(Relaxed)));
        LogHistogram::from_buckets(counts.enumerate())
    }
}
