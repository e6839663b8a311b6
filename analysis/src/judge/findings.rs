//! From charges to findings: one per site and park point, worst first.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::Hearing;
use super::hearing::Heard;
use crate::facts::{Moment, TaskId};
use crate::history::growth_per_minute;
use crate::model::Model;
use crate::policy::Policy;
use crate::report::{Class, Example, Finding, ParkPoint, RuleId, Stage};
use crate::rules::Charge;
use crate::words;

/// The findings of a hearing.
pub(super) fn from(
    hearing: &Hearing<'_>,
    model: &Model,
    now: Moment,
    policy: &Policy,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        hearing.sites.iter().flat_map(|heard| of_site(heard, model, now, policy)).collect();
    findings.sort_by(|a, b| {
        rank(a).cmp(&rank(b)).then_with(|| cost(b, model).total_cmp(&cost(a, model))).then_with(
            || {
                (Reverse(a.oldest), a.site_id, &a.park).cmp(&(
                    Reverse(b.oldest),
                    b.site_id,
                    &b.park,
                ))
            },
        )
    });
    findings
}

/// Why "clean" cannot be said yet, if an accusation is still a candidate.
pub(super) fn unconfirmed(findings: &[Finding]) -> Option<String> {
    let waits: Vec<Duration> = findings
        .iter()
        .filter(|finding| finding.class != Class::Watch && finding.acknowledged.is_none())
        .filter_map(|finding| match finding.stage {
            Stage::Candidate { confirms_in } => Some(confirms_in),
            Stage::Confirmed => None,
        })
        .collect();
    let longest = waits.iter().max()?;
    let n = waits.len() as u64;
    Some(format!(
        "{} {} not confirmed yet: it takes {} more.",
        words::counted(n, "finding"),
        words::agree(n, "is", "are"),
        words::duration(*longest)
    ))
}

/// Confirmed accusations come first; a candidate accusation says more than a confirmed oddity.
fn surest(stage: Stage, class: Class) -> (bool, Class, bool) {
    let confirmed = stage == Stage::Confirmed;
    (!confirmed || class == Class::Watch, class, !confirmed)
}

/// Confirmed before candidates, then by class, and causes before their victims.
fn rank(finding: &Finding) -> (bool, Class, bool) {
    (finding.stage != Stage::Confirmed, finding.class, finding.blocked_behind.is_some())
}

/// Bytes by which the site grows per hour.
fn cost(finding: &Finding, model: &Model) -> f64 {
    let bytes = model.site(finding.site_id).map_or(0, |site| site.future_bytes).max(1);
    finding.growth_per_min.unwrap_or(0.0).max(0.0) * 60.0 * bytes as f64
}

fn of_site(heard: &Heard<'_>, model: &Model, now: Moment, policy: &Policy) -> Vec<Finding> {
    let site = heard.scene.site;
    let growth =
        if heard.charges.is_empty() { None } else { growth_per_minute(site, heard.scene.now) };
    let mut by_place: BTreeMap<Option<ParkPoint>, Vec<(Stage, Class, &Charge)>> = BTreeMap::new();
    for charge in &heard.charges {
        let stage = model.docket().stage(site.id, charge, now, policy);
        let class = model.docket().class(site.id, charge);
        by_place.entry(charge.place.clone()).or_default().push((stage, class, charge));
    }
    by_place
        .into_values()
        .filter_map(|mut charges| {
            charges.sort_by_key(|(stage, class, _)| surest(*stage, *class));
            let ((stage, class, surest), others) = charges.split_first()?;
            let mut evidence = surest.evidence.clone();
            for (_, _, other) in others {
                evidence.extend(other.evidence.first().map(|text| format!("{}: {text}", other.rule.id)));
            }
            let mut counter_evidence = surest.counter_evidence.clone();
            if *class != surest.class {
                counter_evidence.push(format!(
                    "An earlier {} finding at this site was retracted, so this one counts as {} only.",
                    surest.rule.id,
                    class.name()
                ));
            }
            Some(Finding {
                rule: RuleId(surest.rule.id),
                title: surest.rule.title,
                class: *class,
                stage: *stage,
                since: surest.since,
                site_id: site.id,
                site: site.site.clone(),
                park: surest.place.clone(),
                live: site.live,
                affected: surest.affected,
                growth_per_min: growth,
                oldest: surest.oldest,
                examples: surest.examples.iter().map(|id| example(*id, surest, model, heard.scene.now)).collect(),
                evidence,
                counter_evidence,
                fix: surest.fix.clone(),
                clears: surest.clears.clone(),
                blocked_behind: surest.graph.as_ref().and_then(|graph| graph.blocked_behind.clone()),
                acknowledged: None,
            })
        })
        .collect()
}

fn example(id: TaskId, charge: &Charge, model: &Model, now: Moment) -> Example {
    let (task, waiting) = (model.task(id), model.waiting_task(id));
    let wakers = task.and_then(|task| task.wakers).map(|wakers| wakers.live);
    let wakers = wakers.or_else(|| waiting.and_then(|task| task.wakers));
    let parked = task.and_then(|task| task.parked_since);
    let parked = parked.or_else(|| waiting.and_then(|task| task.parked_since));
    Example {
        task: id,
        parked: parked.map(|since| now.since(since)),
        // That these have none is what accuses them, whether their row is known or not.
        wakers: if charge.examples_stranded { Some(0) } else { wakers },
    }
}
