//! The verdict on each site, for the table of sites: accused, fine, or not known and why.

use std::time::Duration;

use super::Hearing;
use super::hearing::Heard;
use crate::facts::{SiteId, TaskKind};
use crate::health;
use crate::model::Model;
use crate::policy::Policy;
use crate::report::{Finding, SiteVerdict};
use crate::scene::Scene;
use crate::words;

/// The verdicts by ascending site.
pub(super) fn verdicts(hearing: &Hearing<'_>, findings: &[Finding]) -> Vec<(SiteId, SiteVerdict)> {
    let mut verdicts: Vec<(SiteId, SiteVerdict)> =
        hearing.by_site().into_iter().map(|(id, heard)| (id, unaccused(heard))).collect();
    accuse(&mut verdicts, findings);
    verdicts
}

/// The verdicts while nothing, or nothing but `findings`, can be judged.
pub(super) fn withheld(
    model: &Model,
    because: &str,
    findings: &[Finding],
) -> Vec<(SiteId, SiteVerdict)> {
    let unknown = SiteVerdict::Unknown { because: because.to_owned(), judged_in: None };
    let mut verdicts: Vec<(SiteId, SiteVerdict)> =
        model.sites().filter(|site| !site.own).map(|site| (site.id, unknown.clone())).collect();
    accuse(&mut verdicts, findings);
    verdicts
}

/// Gives each accused site its worst finding.
fn accuse(verdicts: &mut [(SiteId, SiteVerdict)], findings: &[Finding]) {
    // Worst last, so that the worst stays.
    for (at, finding) in findings.iter().enumerate().rev() {
        if let Ok(row) = verdicts.binary_search_by_key(&finding.site_id, |pair| pair.0) {
            let other = matches!(verdicts[row].1, SiteVerdict::Accused(_));
            verdicts[row].1 = match (&finding.acknowledged, &finding.blocked_behind) {
                (Some(acknowledged), _) => {
                    SiteVerdict::Fine { because: Some(acknowledged.reason.clone()) }
                }
                // A site with a leak of its own is told by that, however sure its victims are.
                (None, Some(_)) if other => continue,
                (None, Some(_)) => SiteVerdict::Blocked(at),
                (None, None) => SiteVerdict::Accused(at),
            };
        }
    }
}

fn unaccused(heard: &Heard<'_>) -> SiteVerdict {
    let (scene, site) = (&heard.scene, heard.scene.site);
    if site.live == 0 {
        return SiteVerdict::Fine { because: None };
    }
    if !site.site.kind.has_wakers() {
        let because = match site.site.kind {
            TaskKind::Blocking => {
                "Tasks of kind blocking have no task waker: only how long they run is judged (L14)."
                    .to_owned()
            }
            kind => {
                format!("Tasks of kind {} are not judged: they have no task waker.", kind.name())
            }
        };
        return SiteVerdict::Unknown { because, judged_in: None };
    }
    if let Some(defence) = heard.defence.clone().or_else(|| health::of_all(scene)) {
        return SiteVerdict::Fine { because: Some(defence.text()) };
    }
    match missing_history(scene) {
        Some((because, judged_in)) => SiteVerdict::Unknown { because, judged_in },
        None => SiteVerdict::Fine { because: None },
    }
}

/// What is still missing to judge a site that nothing speaks for, and how long that takes.
fn missing_history(scene: &Scene<'_>) -> Option<(String, Option<Duration>)> {
    let (site, policy, now) = (scene.site, scene.policy, scene.now);
    let age = now.since(site.first_spawn);
    let wait = |needed: Duration, because: String| {
        let left = needed.saturating_sub(age);
        (!left.is_zero()).then_some((because, Some(left)))
    };
    if scene.norm().is_some() {
        // With a norm a task is a survivor at this age at the earliest.
        return wait(policy.cutoff_floor, format!("First seen {} ago.", words::duration(age)));
    }
    if age < policy.cutoff_without_norm {
        return wait(
            policy.cutoff_without_norm,
            format!("First seen {} ago, and {}.", words::duration(age), few_returned(scene)),
        );
    }
    if site.returned == 0 && site.live >= policy.growth_minimum && may_grow(scene) {
        let points = u32::try_from(policy.trend_points).unwrap_or(u32::MAX);
        // One bin more, as the last is still filling.
        let needed = site.minutes.width * points.saturating_add(1);
        return wait(
            needed,
            "Nothing has returned yet, and a trend takes longer to see.".to_owned(),
        );
    }
    let oldest = scene.crowds.iter().map(|crowd| crowd.oldest_spawned).min();
    let old = oldest.is_some_and(|spawned| now.since(spawned) >= policy.cutoff_without_norm);
    if site.returned > 0 && old {
        return Some((
            format!(
                "No norm: {}, and {} must return first.",
                few_returned(scene),
                policy.norm_minimum
            ),
            None,
        ));
    }
    None
}

/// Whether tasks were spawned lately: what does not spawn does not grow.
fn may_grow(scene: &Scene<'_>) -> bool {
    scene.now.since(scene.site.last_spawn) < scene.policy.cutoff_without_norm
}

fn few_returned(scene: &Scene<'_>) -> String {
    match scene.site.returned {
        0 => "nothing has returned yet".to_owned(),
        n => format!("only {} returned yet", words::counted(n, "task")),
    }
}

/// Why "clean" cannot be said yet, if too many of the live tasks belong to sites that take more time.
pub(super) fn too_little_history(
    verdicts: &[(SiteId, SiteVerdict)],
    model: &Model,
    policy: &Policy,
) -> Option<String> {
    let (mut all, mut pending, mut longest) = (0, 0, Duration::ZERO);
    for (id, verdict) in verdicts {
        let live = model.site(*id).map_or(0, |site| site.live);
        all += live;
        if let SiteVerdict::Unknown { judged_in: Some(left), .. } = verdict {
            pending += live;
            longest = longest.max(*left);
        }
    }
    let judged = all - pending;
    (pending > 0 && (judged as f64) < policy.coverage_floor * all as f64).then(|| {
        format!(
            "Too little history: {} of {} {} to sites that can be judged in {} at the latest.",
            words::count(pending),
            words::counted(all, "live task"),
            words::agree(pending, "belongs", "belong"),
            words::duration(longest)
        )
    })
}
