//! Histograms, as two columns: bucket numbers and their counts.

use stranded_analysis::histogram::{BUCKETS, LogHistogram};

use super::{DecodeError, Fault, read};
use crate::limits::MAX_COUNT;
use crate::v1;

impl From<&LogHistogram> for v1::Histogram {
    fn from(histogram: &LogHistogram) -> Self {
        let mut wire = Self::default();
        let mut room = MAX_COUNT;
        for (bucket, count) in histogram.buckets() {
            let count = count.min(room);
            room -= count;
            if count > 0 {
                wire.buckets.push(bucket as u32);
                wire.counts.push(count);
            }
        }
        wire
    }
}

impl TryFrom<v1::Histogram> for LogHistogram {
    type Error = DecodeError;

    fn try_from(wire: v1::Histogram) -> Result<Self, DecodeError> {
        let buckets = read::at_most(wire.buckets, "buckets", BUCKETS)?;
        if wire.counts.len() != buckets.len() {
            let fault = Fault::Uneven {
                items: wire.counts.len(),
                other: "buckets",
                expected: buckets.len(),
            };
            return Err(DecodeError::new("counts", fault));
        }
        let mut total = 0;
        let mut next = 0;
        for (&bucket, &count) in buckets.iter().zip(&wire.counts) {
            if bucket as usize >= BUCKETS {
                let fault = Fault::NoSuchBucket { bucket, last: BUCKETS as u32 - 1 };
                return Err(DecodeError::new("buckets", fault));
            }
            if bucket < next {
                return Err(DecodeError::new("buckets", Fault::Unordered { bucket }));
            }
            if count == 0 {
                return Err(DecodeError::new("counts", Fault::Zero));
            }
            next = bucket + 1;
            total = read::count(count.saturating_add(total), "counts")?;
        }
        Ok(Self::from_buckets(buckets.into_iter().map(|bucket| bucket as usize).zip(wire.counts)))
    }
}
