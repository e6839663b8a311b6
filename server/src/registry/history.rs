//! What happened at a site over time: bins of five seconds, and of a minute, since process start.

use std::collections::VecDeque;
use std::time::Duration;

use stranded_analysis::facts::{Bin, History, Moment};

/// Bins of five seconds: the last two minutes.
const RECENT: Ring = Ring { width: Duration::from_secs(5), limit: 24 };
/// Bins of a minute: the last six hours.
const MINUTES: Ring = Ring { width: Duration::from_secs(60), limit: 360 };

#[derive(Clone, Copy, Debug)]
struct Ring {
    width: Duration,
    limit: usize,
}

/// The bins of one width; the last is still filling.
#[derive(Debug, Default)]
struct Bins {
    /// Number of the first bin, in widths since the agent's start.
    first: u64,
    bins: VecDeque<Bin>,
}

impl Bins {
    fn observe(&mut self, ring: Ring, now: Moment, live: u32, new: Bin) {
        let number = now.0 / ring.width.as_nanos() as u64;
        if self.bins.is_empty() {
            self.first = number;
        }
        // Bins in which nobody looked, as after a suspended process: the count of then is the best known.
        let missing = (number + 1).saturating_sub(self.first + self.bins.len() as u64);
        for _ in 0..missing.min(ring.limit as u64 + 1) {
            self.bins.push_back(Bin { min_live: live, ..Bin::default() });
        }
        while self.bins.len() > ring.limit {
            self.bins.pop_front();
        }
        self.first = number + 1 - self.bins.len() as u64;
        if let Some(bin) = self.bins.back_mut() {
            bin.spawned = bin.spawned.saturating_add(new.spawned);
            bin.returned = bin.returned.saturating_add(new.returned);
            bin.ended = bin.ended.saturating_add(new.ended);
            bin.min_live = bin.min_live.min(live);
        }
    }

    fn read(&self, ring: Ring) -> History {
        let start = Moment(self.first.saturating_mul(ring.width.as_nanos() as u64));
        History { start, width: ring.width, bins: self.bins.iter().copied().collect() }
    }
}

/// Totals of a site at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) spawned: u64,
    pub(super) returned: u64,
    pub(super) ended: u64,
}

/// The history of one site. Observed about once a second by the agent's thread.
#[derive(Debug, Default)]
pub(super) struct SiteHistory {
    last: Totals,
    max_live: u64,
    recent: Bins,
    minutes: Bins,
}

impl SiteHistory {
    /// Bytes that a full history holds.
    pub(super) const BYTES: usize = (RECENT.limit + MINUTES.limit) * size_of::<Bin>();

    /// Enters what happened since the last look.
    pub(super) fn observe(&mut self, now: Moment, totals: Totals) {
        let since = |new: u64, old: u64| u32::try_from(new.saturating_sub(old)).unwrap_or(u32::MAX);
        let live = totals.spawned.saturating_sub(totals.ended);
        let new = Bin {
            spawned: since(totals.spawned, self.last.spawned),
            returned: since(totals.returned, self.last.returned),
            ended: since(totals.ended, self.last.ended),
            min_live: 0,
        };
        let live_now = u32::try_from(live).unwrap_or(u32::MAX);
        self.recent.observe(RECENT, now, live_now, new);
        self.minutes.observe(MINUTES, now, live_now, new);
        self.max_live = self.max_live.max(live);
        self.last = totals;
    }

    /// The most tasks alive at any look.
    pub(super) fn max_live(&self) -> u64 {
        self.max_live
    }

    /// `(recent, minutes)`.
    pub(super) fn read(&self) -> (History, History) {
        (self.recent.read(RECENT), self.minutes.read(MINUTES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment(seconds * 1_000_000_000 + 1)
    }

    fn totals(spawned: u64, ended: u64) -> Totals {
        Totals { spawned, returned: ended, ended }
    }

    #[test]
    fn a_bin_keeps_the_least_live_count_and_what_happened_in_it() {
        let mut history = SiteHistory::default();
        for (second, spawned, ended) in [(0, 4, 0), (1, 6, 5), (2, 9, 5), (5, 9, 6), (6, 9, 9)] {
            history.observe(at(second), totals(spawned, ended));
        }
        let (recent, minutes) = history.read();
        let expected = [
            Bin { spawned: 9, returned: 5, ended: 5, min_live: 1 },
            Bin { spawned: 0, returned: 4, ended: 4, min_live: 0 },
        ];
        assert_eq!(recent.bins, expected);
        assert_eq!(minutes.bins, [Bin { spawned: 9, returned: 9, ended: 9, min_live: 0 }]);
        assert_eq!(history.max_live(), 4);
    }

    #[test]
    fn the_rings_are_bounded_and_start_where_they_say() {
        let mut history = SiteHistory::default();
        for second in 0..1000 {
            history.observe(at(second), totals(second, 0));
        }
        let (recent, minutes) = history.read();
        assert_eq!(recent.bins.len(), 24);
        assert_eq!(recent.start, Moment(880_000_000_000));
        assert_eq!(minutes.bins.len(), 17);
        assert_eq!(minutes.start, Moment(0));
        assert_eq!(minutes.bins[3].min_live, 180);
    }

    #[test]
    fn a_time_in_which_nobody_looked_is_filled_with_what_is_known() {
        let mut history = SiteHistory::default();
        history.observe(at(0), totals(2, 0));
        history.observe(at(100_000), totals(5, 0));
        let (recent, minutes) = history.read();
        assert_eq!(recent.bins.len(), 24);
        assert_eq!(minutes.bins.len(), 360);
        assert_eq!(
            minutes.bins.last(),
            Some(&Bin { spawned: 3, returned: 0, ended: 0, min_live: 5 })
        );
    }
}
