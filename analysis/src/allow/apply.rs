//! Holding findings against names, allowances and the baseline.

use std::collections::BTreeMap;

use super::{
    AcknowledgedBy, Acknowledgement, Allowance, AllowanceStanding, AllowanceUse, Allowances,
    Baseline, DAEMON, Subject,
};
use crate::facts::SiteId;
use crate::policy::Policy;
use crate::report::{Class, Finding};
use crate::words;

/// Marks the findings that are acknowledged and moves them behind the others; says what has become of each allowance.
pub(crate) fn apply(findings: &mut [Finding], policy: &Policy) -> Vec<AllowanceUse> {
    for finding in findings.iter_mut() {
        finding.acknowledged = by_name(finding);
    }
    let uses = allowances(findings, &policy.allowances);
    if let Some(baseline) = &policy.baseline {
        accept(findings, baseline);
    }
    findings.sort_by_key(|finding| finding.acknowledged.is_some());
    uses
}

/// Whether the code says that the tasks live for ever. That they can never run again is news all the same.
fn by_name(finding: &Finding) -> Option<Acknowledgement> {
    let daemon = finding.class != Class::Proven && finding.site.name.starts_with(DAEMON);
    daemon.then(|| Acknowledgement {
        by: AcknowledgedBy::Name,
        reason: format!("Named `{DAEMON}…`: meant to live as long as the process."),
    })
}

fn allowances(findings: &mut [Finding], allowances: &Allowances) -> Vec<AllowanceUse> {
    if allowances.is_empty() {
        return Vec::new();
    }
    let subjects: Vec<Subject> = findings.iter().map(Subject::of).collect();
    let mut uses = Vec::new();
    for entry in allowances.iter() {
        let matches = |at: &usize| entry.matches(&findings[*at], &subjects[*at]);
        let matched: Vec<usize> = (0..findings.len()).filter(matches).collect();
        let mut tasks: BTreeMap<SiteId, u64> = BTreeMap::new();
        for &at in &matched {
            let sum = tasks.entry(findings[at].site_id).or_default();
            *sum = sum.saturating_add(findings[at].affected);
        }
        let expired = allowances.has_expired(entry);
        if !expired {
            for at in matched {
                let here = tasks.get(&findings[at].site_id).copied().unwrap_or_default();
                speak_for(&mut findings[at], entry, here);
            }
        }
        uses.push(usage(entry, expired, &tasks));
    }
    uses
}

/// Marks a finding that `entry` matches, unless there are more accused tasks `here`, at its site, than it allows.
fn speak_for(finding: &mut Finding, entry: &Allowance, here: u64) {
    if let Some(most) = entry.max_live.filter(|most| here > *most) {
        let allowed = words::counted(most, "task");
        let found = format!("{} {}", words::count(here), words::agree(here, "is", "are"));
        finding.evidence.push(format!(
            "Line {} of the policy allows {allowed} here, and {found} accused.",
            entry.line
        ));
    } else if finding.acknowledged.is_none() {
        let reason = words::printable(&entry.reason);
        finding.acknowledged = Some(Acknowledgement {
            by: AcknowledgedBy::Allowance(entry.line),
            reason: format!("Line {} of the policy: {reason}", entry.line),
        });
    }
}

fn usage(entry: &Allowance, expired: bool, tasks: &BTreeMap<SiteId, u64>) -> AllowanceUse {
    let most = tasks.values().copied().max();
    let standing = match (entry.expires.filter(|_| expired), most, entry.max_live) {
        (Some(on), ..) => AllowanceStanding::Expired { on },
        (None, None, _) => AllowanceStanding::Unused,
        (None, Some(most), Some(max_live)) if most > max_live => {
            AllowanceStanding::Exceeded { max_live }
        }
        (None, Some(_), _) => AllowanceStanding::Used,
    };
    AllowanceUse {
        line: entry.line,
        subject: entry.subject(),
        reason: words::printable(&entry.reason).into_owned(),
        tasks: tasks.values().fold(0, |sum, tasks| sum.saturating_add(*tasks)),
        standing,
    }
}

/// Accepts findings from the surest on for as long as there are no more accused tasks of a site than the baseline has.
fn accept(findings: &mut [Finding], baseline: &Baseline) {
    let mut sites: BTreeMap<SiteId, BTreeMap<Class, u64>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.acknowledged.is_none()) {
        let tasks = sites.entry(finding.site_id).or_default().entry(finding.class).or_default();
        *tasks = tasks.saturating_add(finding.affected);
    }
    for finding in findings.iter_mut().filter(|finding| finding.acknowledged.is_none()) {
        let surer = sites.get(&finding.site_id).into_iter().flatten();
        let here = surer
            .filter(|(class, _)| **class <= finding.class)
            .fold(0_u64, |sum, (_, tasks)| sum.saturating_add(*tasks));
        let accepted = baseline.accepts(&finding.site, finding.class);
        if here <= accepted {
            finding.acknowledged = Some(Acknowledgement {
                by: AcknowledgedBy::Baseline,
                reason: format!(
                    "The baseline accepts {} here.",
                    words::counted(accepted, "accused task")
                ),
            });
        } else if accepted > 0 {
            finding.evidence.push(format!(
                "The baseline accepts {} here, and {} accused.",
                words::counted(accepted, "task"),
                format_args!("{} {}", words::count(here), words::agree(here, "is", "are")),
            ));
        }
    }
}
