//! Log-scale histograms of durations, from nanoseconds to centuries in 252 buckets.
//!
//! Four buckets per power of two, as in HDR histograms with two significant bits: a quantile read from
//! them is at most 25 % above the true value, and never below it.

use std::time::Duration;

/// Sub-buckets per power of two, as bits.
const SUB_BITS: u32 = 2;
/// How many buckets cover all of `u64`.
pub const BUCKETS: usize = ((64 - SUB_BITS + 1) << SUB_BITS) as usize;

/// The bucket of a duration of `ns` nanoseconds.
pub fn bucket_of(ns: u64) -> usize {
    if ns < 1 << SUB_BITS {
        return ns as usize;
    }
    let exponent = ns.ilog2();
    let sub = (ns >> (exponent - SUB_BITS)) & ((1 << SUB_BITS) - 1);
    (u64::from((exponent - SUB_BITS + 1) << SUB_BITS) + sub) as usize
}

/// The smallest duration of a bucket, in nanoseconds.
pub fn bucket_low(bucket: usize) -> u64 {
    let bucket = bucket.min(BUCKETS - 1) as u64;
    if bucket < 1 << SUB_BITS {
        return bucket;
    }
    let exponent = (bucket >> SUB_BITS) - 1;
    ((1 << SUB_BITS) | (bucket & ((1 << SUB_BITS) - 1))) << exponent
}

/// The largest duration of a bucket, in nanoseconds.
pub fn bucket_high(bucket: usize) -> u64 {
    if bucket >= BUCKETS - 1 { u64::MAX } else { bucket_low(bucket + 1) - 1 }
}

/// A sparse log-scale histogram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogHistogram {
    /// `(bucket, count)`, by ascending bucket, counts above 0.
    buckets: Vec<(u16, u64)>,
}

impl LogHistogram {
    /// From `(bucket, count)` pairs in any order; pairs of one bucket add up, and buckets out of range
    /// go to the last one.
    pub fn from_buckets(pairs: impl IntoIterator<Item = (usize, u64)>) -> Self {
        let mut histogram = Self::default();
        for (bucket, count) in pairs {
            histogram.add(bucket, count);
        }
        histogram
    }

    /// Records one duration.
    pub fn record(&mut self, value: Duration) {
        self.add(bucket_of(u64::try_from(value.as_nanos()).unwrap_or(u64::MAX)), 1);
    }

    /// Adds `count` to `bucket`.
    pub fn add(&mut self, bucket: usize, count: u64) {
        if count == 0 {
            return;
        }
        let bucket = bucket.min(BUCKETS - 1) as u16;
        match self.buckets.binary_search_by_key(&bucket, |pair| pair.0) {
            Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(count),
            Err(at) => self.buckets.insert(at, (bucket, count)),
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in other.buckets() {
            self.add(bucket, count);
        }
    }

    /// `(bucket, count)` by ascending bucket, counts above 0.
    pub fn buckets(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.buckets.iter().map(|&(bucket, count)| (usize::from(bucket), count))
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, pair| sum.saturating_add(pair.1))
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// An upper bound, at most 25 % high, of the value below which a share `q` (0 to 1) of all lie.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let total = self.count();
        let rank = ((total as f64 * q.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.buckets() {
            seen += count;
            if seen >= rank {
                return Some(Duration::from_nanos(bucket_high(bucket)));
            }
        }
        None
    }

    /// How many recorded durations are certainly longer than `span`: those in buckets wholly above it.
    pub fn certainly_above(&self, span: Duration) -> u64 {
        let ns = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        self.buckets().filter(|&(bucket, _)| bucket_low(bucket) > ns).map(|(_, count)| count).sum()
    }

    /// How many recorded durations may be longer than `span`.
    pub fn possibly_above(&self, span: Duration) -> u64 {
        let ns = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        self.buckets().filter(|&(bucket, _)| bucket_high(bucket) > ns).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_lies_in_its_bucket(ns in any::<u64>()) {
            let bucket = bucket_of(ns);
            prop_assert!(bucket < BUCKETS);
            prop_assert!(bucket_low(bucket) <= ns && ns <= bucket_high(bucket));
        }

        #[test]
        fn a_quantile_is_never_low_and_at_most_a_quarter_high(
            mut values in prop::collection::vec(1u64..u64::MAX / 2, 1..200),
            q in 0.0f64..1.0,
        ) {
            let mut histogram = LogHistogram::default();
            for &ns in &values {
                histogram.record(Duration::from_nanos(ns));
            }
            values.sort_unstable();
            let rank = ((values.len() as f64 * q).ceil() as usize).max(1);
            let exact = values[rank - 1];
            let read = histogram.quantile(q).unwrap().as_nanos() as u64;
            prop_assert!(read >= exact);
            prop_assert!(read as f64 <= exact as f64 * 1.25 + 1.0);
        }
    }

    #[test]
    fn buckets_join_without_a_gap() {
        for bucket in 0..BUCKETS - 1 {
            assert_eq!(bucket_high(bucket) + 1, bucket_low(bucket + 1), "bucket {bucket}");
        }
        assert_eq!(bucket_high(BUCKETS - 1), u64::MAX);
    }
}
