//! L8: no permits are left, and none comes back.

use std::time::Duration;

use super::stalled_sender::at_rest;
use super::{Charge, Confirms, Opinion, Rule, RuleDoc, awaited, names, where_they_wait};
use crate::facts::{Cap, ResourceFacts, ResourceKind, ResourceState};
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::{Scene, at_least};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L8",
        title: "permits drained",
        class: Class::Likely,
        needs: &[Cap::Resources],
        meaning: "These tasks wait for a permit of a semaphore that has none left, and nobody gives one back: permits were lost, or are held by tasks that do not end.",
        condition: "A Semaphore or OnceCell has no permits; at least 3 tasks wait for one; none was taken or given back, and the first has waited, for more than max(30 s, 20 x the 99th percentile of the gaps between wakes at this site).",
        reason: "Permits that are used come back. A queue that nobody has left for twenty usual waits has lost its supply.",
        example: "0 of 20 permits of the semaphore from src/pool.rs:12 are left, and none was given back for 9m00s; 57 tasks wait. It was last taken by task #8 of src/fetch.rs:30, which is alive.",
        fix: "Let the future that uses a permit own it, and do not move it into detached work; bound the work with a timeout that drops it; upgrade a pool that loses permits when a `get()` is cancelled.",
        limits: "A downstream that is slow for everybody looks the same until one answers. `forget` and `try_acquire` are not seen.",
        silenced_by: &["H7"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let policy = scene.policy;
    let threshold = at_least(policy.stall_floor, policy.stall_gaps, scene.usual_gap());
    Opinion::of_crowds(scene, RULE.doc.id, |crowd| {
        let drained: Vec<(&ResourceFacts, String, u64)> = awaited::by(scene, crowd)
            .into_iter()
            .filter(|(semaphore, tasks)| {
                at_rest(scene, semaphore) > threshold
                    && *tasks > 0
                    && semaphore.waiting >= policy.drained_minimum
            })
            .filter_map(|(semaphore, tasks)| Some((semaphore, permits(semaphore)?, tasks)))
            .collect();
        charge(scene, crowd, &drained, threshold)
    })
}

/// "0 of 20 permits", if none are left.
fn permits(semaphore: &ResourceFacts) -> Option<String> {
    match (semaphore.kind, semaphore.state) {
        (
            ResourceKind::Semaphore | ResourceKind::OnceCell,
            ResourceState::Permits { available: 0, capacity },
        ) => Some(match capacity {
            Some(all) => format!("0 of {}", words::counted(all, "permit")),
            None => "No permits".to_owned(),
        }),
        _ => None,
    }
}

fn charge(
    scene: &Scene<'_>,
    crowd: &Crowd,
    drained: &[(&ResourceFacts, String, u64)],
    threshold: Duration,
) -> Option<Charge> {
    let (semaphore, permits, _) = drained.iter().max_by_key(|(it, _, tasks)| (*tasks, it.id))?;
    let affected = drained.iter().map(|(.., tasks)| tasks).sum::<u64>().min(crowd.parked);
    let still = at_rest(scene, semaphore);
    let shown = still > threshold.saturating_add(scene.policy.confirm);
    let mut evidence = vec![format!(
        "{permits} of {} are left, and none was given back for {}; {} wait.",
        words::resource(semaphore),
        words::duration(still),
        words::counted(semaphore.waiting, "task")
    )];
    evidence.extend(semaphore.last_takers.first().map(|task| {
        format!(
            "It was last taken by {}, {}.",
            names::task(scene.model, *task),
            names::whereabouts(scene.model, *task, scene.now)
        )
    }));
    evidence.extend(awaited::in_all(affected, drained.len(), "such semaphores"));
    evidence.push(where_they_wait(crowd, affected, scene.now.since(crowd.oldest_parked)));
    Some(Charge {
        affected,
        lived: threshold,
        since: scene.now.back(still.saturating_sub(threshold)),
        confirms: Confirms::by(shown, crowd.unresolved, scene.policy),
        evidence,
        clears: "A permit is given back.".to_owned(),
        ..Charge::of(&RULE.doc, scene, crowd)
    })
}
