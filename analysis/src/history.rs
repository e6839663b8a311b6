//! Reading the time bins of a site: how many were spawned, whether it grows, whether it is constant.

use std::time::Duration;

use crate::facts::{Bin, History, Moment, SiteFacts};
use crate::histogram::{LogHistogram, bucket_high, bucket_low};
use crate::policy::Policy;
use crate::stats;

/// A run of equal bins that are complete, oldest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub start: Moment,
    pub width: Duration,
    pub bins: &'a [Bin],
}

/// A trend over a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trend {
    /// The probability of rising so much by chance.
    pub chance: f64,
    /// The slope per minute.
    pub per_minute: f64,
    /// Where the run begins.
    pub start: Moment,
    /// How long it is.
    pub span: Duration,
    /// How many points.
    pub points: usize,
}

impl Trend {
    /// By how many tasks it rises from its first bin to its last.
    pub(crate) fn tasks(&self) -> f64 {
        let steps = self.points.saturating_sub(1) as f64;
        self.per_minute * self.span.as_secs_f64() / 60.0 * steps / (self.points.max(1) as f64)
    }
}

impl<'a> Run<'a> {
    /// The bins of `history` that lie wholly between `from` and `until`. The last bin is still filling
    /// and never taken.
    pub(crate) fn between(history: &'a History, from: Moment, until: Moment) -> Self {
        let width = history.width;
        let filling = history.bins.len().saturating_sub(1);
        let (from, until) = (from.0, until.0);
        let wide = width_ns(history);
        let first = from.saturating_sub(history.start.0).div_ceil(wide);
        let end = until.saturating_sub(history.start.0) / wide;
        let first = usize::try_from(first).unwrap_or(usize::MAX).min(filling);
        let end = usize::try_from(end).unwrap_or(usize::MAX).clamp(first, filling);
        let start = Moment(history.start.0.saturating_add(wide.saturating_mul(first as u64)));
        Self { start, width, bins: &history.bins[first..end] }
    }

    /// Its length.
    pub(crate) fn span(&self) -> Duration {
        self.width * u32::try_from(self.bins.len()).unwrap_or(u32::MAX)
    }

    /// Tasks spawned in it.
    pub(crate) fn spawned(&self) -> u64 {
        self.bins.iter().map(|bin| u64::from(bin.spawned)).sum()
    }

    /// Tasks spawned in it per second; 0 for no time.
    pub(crate) fn spawn_rate(&self) -> f64 {
        let span = self.span().as_secs_f64();
        if span > 0.0 { self.spawned() as f64 / span } else { 0.0 }
    }

    /// The rise of what `value` reads from each bin, if it is significant by `policy`.
    pub(crate) fn rise(&self, policy: &Policy, value: impl Fn(&Bin) -> f64) -> Option<Trend> {
        if self.bins.len() < policy.trend_points {
            return None;
        }
        let points: Vec<f64> = self.bins.iter().map(value).collect();
        // The test costs little, the slope much, and most sites do not grow.
        let chance = stats::mann_kendall(&points);
        if chance >= policy.trend_chance {
            return None;
        }
        let per_minute = self.per_minute(&points)?;
        (per_minute > 0.0).then(|| Trend {
            chance,
            per_minute,
            start: self.start,
            span: self.span(),
            points: points.len(),
        })
    }

    /// The slope of one value a bin; `None` for fewer than two bins.
    fn per_minute(&self, points: &[f64]) -> Option<f64> {
        let slope = stats::theil_sen(points)?;
        let minutes = self.width.as_secs_f64() / 60.0;
        Some(if minutes > 0.0 { slope / minutes } else { 0.0 })
    }

    /// The least and the greatest minimum; `None` without bins.
    pub(crate) fn range(&self) -> Option<(u64, u64)> {
        let minima = || self.bins.iter().map(|bin| u64::from(bin.min_live));
        Some((minima().min()?, minima().max()?))
    }
}

/// The finest run that reaches from `from` to `until`; the bins of minutes where none does.
pub(crate) fn finest(site: &SiteFacts, from: Moment, until: Moment) -> Run<'_> {
    let recent = &site.recent;
    if !recent.bins.is_empty() && (recent.start <= from || recent.start <= site.first_spawn) {
        return Run::between(recent, from, until);
    }
    Run::between(&site.minutes, from, until)
}

/// An upper bound of the tasks spawned between `from` and `until`: bins that lie partly in it count
/// whole, and so does what is older than the bins, if it may lie in it.
pub(crate) fn spawned_between(site: &SiteFacts, from: Moment, until: Moment) -> u64 {
    let after = spawned_surely_since(site, until);
    let before = spawned_surely_before(site, from);
    site.spawned.saturating_sub(after).saturating_sub(before)
}

/// A lower bound of the tasks spawned after `moment`.
pub(crate) fn spawned_surely_since(site: &SiteFacts, moment: Moment) -> u64 {
    if site.first_spawn >= moment {
        return site.spawned;
    }
    let later = |history: &History| {
        let after = moment.0.saturating_sub(history.start.0).div_ceil(width_ns(history));
        spawned_from(history, after)
    };
    later(&site.recent).max(later(&site.minutes))
}

/// A lower bound of the tasks spawned before `moment`.
fn spawned_surely_before(site: &SiteFacts, moment: Moment) -> u64 {
    if site.last_spawn < moment {
        return site.spawned;
    }
    // All but what was spawned in the bins that end later.
    let before = |history: &History| -> u64 {
        if history.bins.is_empty() || history.start > moment {
            return 0;
        }
        let later = spawned_from(history, (moment.0 - history.start.0) / width_ns(history));
        site.spawned.saturating_sub(later)
    };
    before(&site.recent).max(before(&site.minutes))
}

/// Tasks spawned in the bins from `first` on.
fn spawned_from(history: &History, first: u64) -> u64 {
    let first = usize::try_from(first).unwrap_or(usize::MAX).min(history.bins.len());
    history.bins[first..].iter().map(|bin| u64::from(bin.spawned)).sum()
}

fn width_ns(history: &History) -> u64 {
    (history.width.as_nanos() as u64).max(1)
}

/// Growth of live tasks per minute over the last hour, or, for a site too young for that, over its last
/// minute; `None` while there is too little history.
pub fn growth_per_minute(site: &SiteFacts, now: Moment) -> Option<f64> {
    const HOUR: Duration = Duration::from_secs(3600);
    const MINUTE: Duration = Duration::from_secs(60);
    const POINTS: usize = 6;
    let reaches = [(&site.minutes, HOUR), (&site.recent, MINUTE)];
    reaches.into_iter().find_map(|(history, reach)| {
        let run = Run::between(history, now.back(reach), now);
        let minima: Vec<f64> = run.bins.iter().map(|bin| f64::from(bin.min_live)).collect();
        if minima.len() < POINTS { None } else { run.per_minute(&minima) }
    })
}

/// The mean of what a histogram recorded, from the middle of its buckets.
pub(crate) fn mean(histogram: &LogHistogram) -> Option<Duration> {
    let (mut sum, mut count) = (0.0, 0u64);
    for (bucket, n) in histogram.buckets() {
        sum += f64::midpoint(bucket_low(bucket) as f64, bucket_high(bucket) as f64) * n as f64;
        count += n;
    }
    if count == 0 { None } else { Duration::try_from_secs_f64(sum / count as f64 / 1e9).ok() }
}

/// A lower bound of the `k`-th longest of what a histogram recorded; `None` for fewer than `k`.
pub(crate) fn longest(histogram: &LogHistogram, k: u64) -> Option<Duration> {
    let mut seen = 0;
    let buckets: Vec<(usize, u64)> = histogram.buckets().collect();
    for (bucket, count) in buckets.into_iter().rev() {
        seen += count;
        if seen >= k.max(1) {
            return Some(Duration::from_nanos(bucket_low(bucket)));
        }
    }
    None
}

/// How many of what a histogram recorded certainly lie between `low` and `high`.
pub(crate) fn certainly_between(histogram: &LogHistogram, low: Duration, high: Duration) -> u64 {
    histogram.certainly_above(low).saturating_sub(histogram.possibly_above(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(start: u64, width: u64, spawned: &[u32]) -> History {
        let bins = spawned
            .iter()
            .map(|&spawned| Bin { spawned, min_live: spawned, ..Bin::default() })
            .collect();
        History { start: second(start), width: Duration::from_secs(width), bins }
    }

    fn second(s: u64) -> Moment {
        Moment(s * 1_000_000_000)
    }

    #[test]
    fn a_run_has_only_whole_bins_and_not_the_last() {
        let minutes = history(30, 60, &[1, 2, 3, 4, 5]);
        let run = Run::between(&minutes, second(0), second(10_000));
        assert_eq!((run.start, run.bins.len(), run.spawned()), (second(30), 4, 10));
        let run = Run::between(&minutes, second(31), second(269));
        assert_eq!((run.start, run.bins.len(), run.spawned()), (second(90), 2, 5));
        assert_eq!(Run::between(&minutes, second(300), second(200)).bins.len(), 0);
        assert_eq!(Run::between(&History::default(), second(0), second(200)).bins.len(), 0);
    }

    #[test]
    fn a_slope_is_per_minute_whatever_the_bins() {
        let recent = history(0, 5, &[0, 1, 2, 3, 4, 5, 6]);
        let trend = Run::between(&recent, second(0), second(100))
            .rise(&Policy::default(), |bin| f64::from(bin.min_live))
            .unwrap();
        assert!((trend.per_minute - 12.0).abs() < 1e-9);
        assert_eq!((trend.points, trend.span), (6, Duration::from_secs(30)));
    }

    #[test]
    fn the_longest_is_a_lower_bound() {
        let mut ages = LogHistogram::default();
        for s in [5, 50, 500] {
            ages.record(Duration::from_secs(s));
        }
        let third = longest(&ages, 3).unwrap();
        assert!(third <= Duration::from_secs(5) && third > Duration::from_secs(3));
        assert_eq!(longest(&ages, 4), None);
    }
}
