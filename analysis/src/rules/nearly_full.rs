//! W4: a channel or semaphore has hardly anything left for long.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc};
use crate::facts::{Cap, ResourceFacts, ResourceState};
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "W4",
        title: "nearly full",
        class: Class::Watch,
        needs: &[Cap::Resources],
        meaning: "A channel or semaphore on which these tasks wait has hardly any room or permits left, and has had none to spare for a while.",
        condition: "Less than 10 % of at least 10 permits, or of the room of a bounded channel, was left in every look for 60 s.",
        reason: "A queue that is full now and then smooths bursts; one that stays full has a consumer that is too slow.",
        example: "3 of 64 free in the channel's room from src/jobs.rs:20.",
        fix: "Make the consumer faster, or several; take jobs in batches; shed load where it enters.",
        limits: "Saturation by design, as of a pool that is meant to be busy.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let policy = scene.policy;
    Opinion::of_crowds(scene, RULE.doc.id, |crowd| {
        let full = crowd.waits.iter().filter_map(|wait| {
            let resource = scene.model.resource(wait.resource)?;
            let (left, all) = room(resource)?;
            let scarce = all >= policy.full_minimum
                && (left as f64) < policy.full_share * all as f64
                && wait.tasks > 0;
            scarce.then_some((resource, left, all, wait.tasks))
        });
        let (resource, left, all, tasks) =
            full.max_by_key(|(resource, _, _, tasks)| (*tasks, resource.id))?;
        Some(Charge {
            affected: tasks.min(crowd.parked),
            confirms: Confirms::After(policy.full_for),
            evidence: vec![format!(
                "{} of {} free in {}.",
                words::count(left),
                words::count(all),
                words::resource(resource)
            )],
            clears: "There is room again.".to_owned(),
            ..Charge::of(&RULE.doc, scene, crowd)
        })
    })
}

/// What is left, and how much there is in all.
fn room(resource: &ResourceFacts) -> Option<(u64, u64)> {
    match resource.state {
        ResourceState::Permits { available, capacity: Some(all) } => Some((available, all)),
        _ => None,
    }
}
