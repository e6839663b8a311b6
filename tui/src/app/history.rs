//! Growth, rates and trends, read from the time bins of spawn sites.

use std::time::Duration;

use stranded_analysis::facts::{History, Moment, SiteFacts};
use stranded_analysis::words;

/// The window of the growth column, once the target is that old.
const GROWTH_WINDOW: Duration = Duration::from_secs(600);
/// The window of the rates.
const RATE_WINDOW: Duration = Duration::from_secs(60);

/// How far back the growth column looks: ten minutes, or as long as the agent has been counting.
pub(crate) fn growth_window(now: Moment) -> Duration {
    GROWTH_WINDOW.min(now.since(Moment::default()))
}

/// A span for a heading, without the zeros at its end: `10m`, `6h`, `4m12s`.
pub(crate) fn label(span: Duration) -> String {
    let text = words::duration(span);
    let short = text.strip_suffix("00s").or_else(|| text.strip_suffix("00m")).unwrap_or(&text);
    short.to_owned()
}

/// How many live tasks a site has gained since the start of the growth window, by the minima of its bins:
/// those ignore bursts. Unknown until there are two bins to compare.
pub(crate) fn growth(site: &SiteFacts, now: Moment) -> Option<i64> {
    let then = now.back(growth_window(now));
    let history =
        if growth_window(now) < Duration::from_secs(120) { &site.recent } else { &site.minutes };
    // The short bins tell the present best: a minute that is still filling may be as old as a minute.
    let last = site.recent.bins.last().or(site.minutes.bins.last())?.min_live;
    if history.start <= then && history.bins.len() < 2 {
        return None;
    }
    Some(i64::from(last) - i64::from(live_at(history, then)))
}

/// Tasks spawned and ended per second over the last minute, without the bin that is still filling.
pub(crate) fn rates(site: &SiteFacts, now: Moment) -> Option<(f64, f64)> {
    let history = &site.recent;
    let width = history.width.as_secs_f64();
    let filled = history.bins.len().checked_sub(1)?;
    let since_start = now.since(history.start).as_secs_f64().min(RATE_WINDOW.as_secs_f64());
    let bins = (RATE_WINDOW.as_secs_f64() / width).floor() as usize;
    if filled == 0 || width <= 0.0 || since_start <= 0.0 {
        return None;
    }
    let window = &history.bins[filled.saturating_sub(bins)..filled];
    let seconds = window.len() as f64 * width;
    let spawned: u64 = window.iter().map(|bin| u64::from(bin.spawned)).sum();
    let ended: u64 = window.iter().map(|bin| u64::from(bin.ended)).sum();
    Some((spawned as f64 / seconds, ended as f64 / seconds))
}

/// Live tasks at `cells` equal steps over the last `span`, oldest first. A site that did not exist had none.
pub(crate) fn trend(site: &SiteFacts, now: Moment, span: Duration, cells: u32) -> Vec<u64> {
    let history = if span <= Duration::from_secs(120) { &site.recent } else { &site.minutes };
    (0..cells)
        .map(|cell| u64::from(live_at(history, now.back(span * (cells - 1 - cell) / cells.max(1)))))
        .collect()
}

/// The least number of live tasks in the bin that `at` falls into.
fn live_at(history: &History, at: Moment) -> u32 {
    if at < history.start || history.width.is_zero() {
        return 0;
    }
    let bin = (at.since(history.start).as_nanos() / history.width.as_nanos()) as usize;
    history.bins.get(bin).or(history.bins.last()).map_or(0, |bin| bin.min_live)
}
