//! From what was seen to the report.

use std::time::Duration;

use stranded_analysis::query::Query;
use stranded_analysis::report::{Class, Outcome, Stage, Verdict};
use stranded_analysis::words::{counted, duration};
use stranded_analysis::{Model, Policy, Report, judge};

use super::watch::Watched;
use crate::exit::Exit;

/// Judges what was seen. What speaks against the completeness of the data goes into the report, so
/// that a report that is read without its exit code says the same.
pub(super) fn reach(
    watched: &Watched,
    query: Option<&Query>,
    fail_on: Class,
    policy: &Policy,
) -> Report {
    let Watched { model, doubts, .. } = watched;
    let mut doubts = doubts.clone();
    let mut report = judge(model, model.at(), policy);
    if let Some(query) = query {
        select(query, model, &mut report);
    }
    doubts.extend(unconfirmed(&report, fail_on));
    if !doubts.is_empty() {
        report.complete = false;
        doubts.append(&mut report.reasons);
        report.reasons = doubts;
    }
    report.verdict = match report.confirmed().map(|finding| finding.class).min() {
        Some(class) => Verdict::Found(class),
        None if report.complete => Verdict::Clean,
        None => Verdict::Inconclusive,
    };
    report
}

/// Keeps the findings at sites that `query` selects.
fn select(query: &Query, model: &Model, report: &mut Report) {
    let selected =
        |id| model.site(id).is_some_and(|site| query.matches_site(site, model, Some(report)));
    let kept: Vec<bool> = report.findings.iter().map(|finding| selected(finding.site_id)).collect();
    let mut kept = kept.into_iter();
    report.findings.retain(|_| kept.next().unwrap_or(true));
    // They refer to findings by their place.
    report.sites.clear();
}

/// What would count if it had been watched for longer.
fn unconfirmed(report: &Report, fail_on: Class) -> Option<String> {
    let waits: Vec<Duration> = report
        .open()
        .filter(|finding| finding.class <= fail_on)
        .filter_map(|finding| match finding.stage {
            Stage::Candidate { confirms_in } => Some(confirms_in),
            Stage::Confirmed => None,
        })
        .collect();
    let longest = waits.iter().max()?;
    Some(format!(
        "{} could not be confirmed in time: watch for {} longer.",
        counted(waits.len() as u64, "finding"),
        duration(longest.saturating_add(Duration::from_secs(1)))
    ))
}

/// The exit code where findings of `fail_on` and surer count.
pub(super) fn exit(report: &Report, fail_on: Class, exit_zero: bool) -> Exit {
    match report.outcome(fail_on) {
        Outcome::Findings if !exit_zero => Exit::Found,
        Outcome::Findings | Outcome::Clean => Exit::Success,
        Outcome::Inconclusive => Exit::Inconclusive,
    }
}
