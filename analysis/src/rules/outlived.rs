//! L3: a task that is still there long after the request that spawned it.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::{Cap, Outlived};
use crate::health::{self, Trends};
use crate::history;
use crate::park::Crowd;
use crate::pooling::pooling_crate;
use crate::report::Class;
use crate::scene::{Scene, times};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L3",
        title: "outlived its request",
        class: Class::Likely,
        needs: &[Cap::Scopes],
        meaning: "These tasks were spawned inside a request. The request is over; they are not.",
        condition: "The request in whose span the task was spawned ended at least max(10 s, 10 x the 99th percentile of returned lifetimes of this site) ago, and the task is still alive. A request has ended when the task that opened its span finished, or was polled three times without entering it and 5 s passed. Not for tasks that a pooling crate spawned. WATCH if no task of the site ever returned, and the site has spawned none for max(10 s, 10 x the mean gap between its spawns) while 100 other tasks were spawned.",
        reason: "Work for a request has no reader left once the request has been answered. Fire-and-forget work does finish, and how long it takes is known from its siblings.",
        example: "12 tasks were spawned inside the request `GET /export`, which ended 4m12s ago. They are still alive.",
        fix: "Give the task a child token and cancel it by a `DropGuard` in the handler; or await it there; or, if it must outlive the request, keep it in a `TaskTracker` of the server.",
        limits: "Work that is meant to outlive its request looks the same until some of it has returned. A pool that the first request starts is no such work, and is known by that others do not add to it; so a leak that has come to a rest, at a site where nothing ever returned, is WATCH as well.",
        silenced_by: &["H1", "H7", "H8", "H9"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let threshold = threshold(scene);
    let (mut charges, mut silenced_by) = (Vec::new(), None);
    for crowd in scene.crowds {
        let Some(outlived) = &crowd.outlived else { continue };
        let affected = outlived.ended_ago.certainly_above(threshold);
        if affected == 0 {
            continue;
        }
        match health::timer_due_soon(scene, crowd) {
            Some(defence) => silenced_by = silenced_by.or(Some(defence)),
            None => charges.push(charge(scene, crowd, outlived, affected, threshold)),
        }
    }
    if charges.is_empty() {
        return Opinion::silenced(silenced_by);
    }
    if pooling_crate(&scene.site.site.file).is_some() {
        return Opinion::default();
    }
    match health::of_site(scene, "L3", Trends::Void) {
        Some(defence) => Opinion::silenced(Some(defence)),
        None => Opinion { charges, silenced_by },
    }
}

/// Already a few siblings that returned say how long such work takes.
pub(super) fn threshold(scene: &Scene<'_>) -> Duration {
    let policy = scene.policy;
    let siblings = scene.site.lifetimes.quantile(0.99).map(|p99| times(p99, policy.outlived_norms));
    policy.outlived_floor.max(siblings.unwrap_or_default())
}

/// Whether the site spawned all that it needs: what leaks by the request goes on to do so while there are
/// requests. A rest of ten mean gaps is no chance: for arrivals at random its probability is below 0.0001.
fn is_at_rest(scene: &Scene<'_>) -> bool {
    let (site, policy) = (scene.site, scene.policy);
    let gaps = u32::try_from(site.spawned.saturating_sub(1)).unwrap_or(u32::MAX).max(1);
    let gap = site.last_spawn.since(site.first_spawn) / gaps;
    let rest = policy.outlived_floor.max(times(gap, policy.rest_gaps));
    if site.returned > 0 || scene.now.since(site.last_spawn) < rest {
        return false;
    }
    let others = scene.model.sites().filter(|other| other.id != site.id);
    let spawned = others.map(|other| history::spawned_surely_since(other, site.last_spawn));
    spawned.sum::<u64>() >= policy.constant_others
}

fn charge(
    scene: &Scene<'_>,
    crowd: &Crowd,
    outlived: &Outlived,
    affected: u64,
    threshold: Duration,
) -> Charge {
    let oldest = scene.now.since(crowd.oldest_parked);
    let ended = history::longest(&outlived.ended_ago, 1).unwrap_or(threshold);
    let confirmed = threshold.saturating_add(scene.policy.confirm);
    let scope = words::printable(&outlived.scope).into_owned();
    let mut evidence = vec![format!(
        "{} {} spawned inside the request `{scope}`, which ended {}{} ago. {} still alive.",
        words::counted(affected, "task"),
        words::agree(affected, "was", "were"),
        if affected == 1 { "" } else { "up to " },
        words::duration(ended),
        words::agree(affected, "It is", "They are")
    )];
    evidence.push(where_they_wait(crowd, affected, oldest));
    let mut counter_evidence = Vec::new();
    match scene.usual_life() {
        Some(life) => evidence.push(format!(
            "The {} of this site that returned took {life}.",
            words::counted(scene.site.returned, "task")
        )),
        None if is_at_rest(scene) => counter_evidence.push(
            "No task of this site has returned yet, and it spawns no more: a pool that the first requests start looks so.".to_owned(),
        ),
        None => counter_evidence.push(
            "No task of this site has returned yet: if this work is meant to outlive its request, how long it takes is not known.".to_owned(),
        ),
    }
    Charge {
        rule: &RULE.doc,
        class: if is_at_rest(scene) { Class::Watch } else { Class::Likely },
        place: crowd.point.clone(),
        affected,
        lived: threshold,
        since: scene.now.back(ended.saturating_sub(threshold)),
        // Whether somebody waits for them is told by the stacks of their spawners.
        confirms: Confirms::by(
            outlived.ended_ago.certainly_above(confirmed) > 0,
            scene.spawners_are_unresolved(),
            scene.policy,
        ),
        oldest,
        examples: crowd.examples.clone(),
        examples_stranded: false,
        evidence,
        counter_evidence,
        fix: RULE.doc.fix.to_owned(),
        clears: "They end.".to_owned(),
        graph: None,
    }
}
