//! All programs together.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ratio::Ratio;
use super::score::{Score, SiteScore};

/// Sums over programs.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) proven_recall: Ratio,
    pub(super) likely_recall: Ratio,
    pub(super) proven_precision: Ratio,
    pub(super) likely_precision: Ratio,
    pub(super) task_recall: Ratio,
    pub(super) task_precision: Ratio,
    pub(super) parks: Ratio,
    pub(super) causes: Ratio,
    pub(super) at_attach: Ratio,
    /// Times to detect, sorted.
    pub(super) proven_after: Vec<Duration>,
    pub(super) likely_after: Vec<Duration>,
    pub(super) retracted: u64,
    pub(super) healthy_tasks: u64,
    pub(super) healthy_time: Duration,
    pub(super) wronged_victims: usize,
    pub(super) false_proofs: usize,
    /// False accusations of programs without a leak.
    pub(super) false_alarms: usize,
    /// Leaking sites whose cause the rule names, by rule.
    pub(super) by_rule: BTreeMap<String, Ratio>,
}

impl Totals {
    pub(super) fn of(scores: &[Score]) -> Self {
        let sites = || scores.iter().flat_map(Score::counting);
        let provable = || sites().filter(|site| site.provable);
        let likely = || sites().filter(|site| !site.provable);
        let after = |found: &Option<(String, Duration)>| found.as_ref().map(|(_, after)| *after);
        let wrong =
            || scores.iter().flat_map(|score| score.wrong.iter().map(move |it| (score, it)));
        Self {
            proven_recall: provable().map(|site| Ratio::once(site.proven.is_some())).sum(),
            likely_recall: likely().map(|site| Ratio::once(site.found.is_some())).sum(),
            proven_precision: scores.iter().map(|score| score.proven).sum(),
            likely_precision: scores.iter().map(|score| score.likely).sum(),
            task_recall: scores.iter().map(|score| score.task_recall).sum(),
            task_precision: scores.iter().map(|score| score.task_precision).sum(),
            parks: sites().map(|site| site.parks).sum(),
            causes: sites().filter_map(|site| site.cause).map(Ratio::once).sum(),
            at_attach: sites()
                .filter(|site| site.is_right())
                .map(|site| Ratio::once(site.at_attach.is_some()))
                .sum(),
            proven_after: sorted(provable().filter_map(|site| after(&site.proven))),
            likely_after: sorted(likely().filter_map(|site| after(&site.found))),
            retracted: scores.iter().map(|score| score.retracted).sum(),
            healthy_tasks: scores.iter().map(|score| score.healthy_tasks).sum(),
            healthy_time: scores.iter().filter(|it| !it.leaking).map(|it| it.watched).sum(),
            wronged_victims: scores.iter().map(|score| score.wronged_victims.len()).sum(),
            false_proofs: wrong().filter(|(_, (class, ..))| class == "proven").count(),
            false_alarms: wrong().filter(|(score, _)| !score.leaking).count(),
            by_rule: by_rule(sites()),
        }
    }
}

/// How often what a rule said first of a leaking site was the cause.
fn by_rule<'a>(sites: impl Iterator<Item = &'a SiteScore>) -> BTreeMap<String, Ratio> {
    let mut rules = BTreeMap::<String, Ratio>::new();
    for site in sites {
        if let (Some(rule), Some(right)) = (site.rules.first(), site.cause) {
            let so_far = rules.entry(rule.clone()).or_default();
            *so_far = [*so_far, Ratio::once(right)].into_iter().sum();
        }
    }
    rules
}

fn sorted(times: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times
}

/// The time within which a share of the sorted `times` lies.
pub(super) fn quantile(times: &[Duration], share: f64) -> Option<Duration> {
    let rank = (times.len() as f64 * share).ceil() as usize;
    times.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_among_the_times() {
        let times: Vec<_> = (1..=10).map(Duration::from_secs).collect();
        assert_eq!(quantile(&times, 0.5), Some(Duration::from_secs(5)));
        assert_eq!(quantile(&times, 0.95), Some(Duration::from_secs(10)));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
