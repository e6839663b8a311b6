//! W1: one task waits far longer than any life at its site.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::Cap;
use crate::health::{self, Trends};
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::{Scene, times};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "W1",
        title: "slow for its site",
        class: Class::Watch,
        needs: &[Cap::Norms, Cap::Endings],
        meaning: "A task waits a hundred times longer than tasks of its site live. That is odd, but may be a rare long job.",
        condition: "At least 20 tasks returned, a task has been parked for more than max(30 s, 100 x the 99th percentile of returned lifetimes), and none that returned lived that long.",
        reason: "A single task is no statistics, so this is no accusation: it says where to look first.",
        example: "One task has been parked for 14m02s; the 1,204 tasks that returned took 12ms (median; p99 200ms). It waits in tcp read at src/fetch.rs:40.",
        fix: "Put a deadline on the wait: `timeout(d, ..)`.",
        limits: "Rare long jobs. Parked times of earlier tasks are not kept by place, so whole lifetimes stand for them.",
        silenced_by: &["H1", "H2", "H3", "H5", "H6", "H7"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let Some(norm) = scene.norm() else {
        return Opinion::default();
    };
    let threshold = scene.policy.slow_floor.max(times(norm, scene.policy.slow_norms));
    let parked = |crowd: &Crowd| scene.now.since(crowd.oldest_parked);
    let unheard_of = |span| scene.site.lifetimes.possibly_above(span) == 0;
    let slow: Vec<&Crowd> = scene
        .crowds
        .iter()
        .filter(|crowd| parked(crowd) > threshold && unheard_of(parked(crowd)))
        .collect();
    if slow.is_empty() {
        return Opinion::default();
    }
    if let Some(defence) = health::of_site(scene, "W1", Trends::Void) {
        return Opinion::silenced(Some(defence));
    }
    let mut opinion = Opinion::default();
    for crowd in slow {
        match health::of_crowd(scene, crowd, "W1", Trends::Void) {
            Some(defence) => opinion.silenced_by = opinion.silenced_by.or(Some(defence)),
            None => opinion.charges.push(charge(scene, crowd, threshold)),
        }
    }
    opinion
}

fn charge(scene: &Scene<'_>, crowd: &Crowd, threshold: std::time::Duration) -> Charge {
    let oldest = scene.now.since(crowd.oldest_parked);
    let shown = oldest > threshold.saturating_add(scene.policy.confirm);
    let life = scene.usual_life().unwrap_or_default();
    Charge {
        rule: &RULE.doc,
        class: Class::Watch,
        place: crowd.point.clone(),
        // How long the others of the crowd have been parked is not known.
        affected: 1,
        lived: threshold,
        since: scene.now.back(oldest.saturating_sub(threshold)),
        confirms: Confirms::by(shown, crowd.unresolved, scene.policy),
        oldest,
        examples: crowd.examples.iter().copied().take(1).collect(),
        examples_stranded: false,
        evidence: vec![
            format!(
                "One task has been parked for {}; the {} that returned took {life}.",
                words::duration(oldest),
                words::counted(scene.site.returned, "task")
            ),
            where_they_wait(crowd, 1, oldest),
        ],
        counter_evidence: vec!["A rare long job looks the same.".to_owned()],
        fix: RULE.doc.fix.to_owned(),
        clears: "It ends.".to_owned(),
        graph: None,
    }
}
