//! W7: tasks of which nothing can be proven, because their wakers were miscounted.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::Cap;
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "W7",
        title: "no verdict",
        class: Class::Watch,
        needs: &[Cap::Wakers],
        meaning: "The count of wakers is wrong for these tasks, so the proofs, which rest on it, leave them out.",
        condition: "The waker count of the task is unreliable, and the first of its park point has been parked for more than 30 s.",
        reason: "A subscriber that was set for one thread or one future only takes the waker events that happen there away from the agent: a clone is missed, and the count is too low for good. Which clone cannot be told, so once another subscriber than the agent's was created in the process, no count is believed.",
        example: "The wakers of 3 tasks cannot be counted, so whether anything can wake them is not known.",
        fix: "Install the agent before the first task is spawned, hand it your subscriber (`Builder::wrap`), and create no other: no `set_default`, `with_default` or `.with_subscriber(..)` of `tracing`. Loading a filter anew does no harm.",
        limits: "None known. It says nothing about the tasks.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let floor = scene.policy.odd_floor;
    Opinion::of_crowds(scene, "W7", |crowd| {
        let parked = scene.now.since(crowd.oldest_parked);
        (crowd.unaccounted > 0 && parked > floor).then(|| Charge {
            affected: crowd.unaccounted,
            since: scene.now.back(parked.saturating_sub(floor)),
            confirms: Confirms::Now,
            evidence: vec![
                format!(
                    "The wakers of {} cannot be counted, so whether anything can wake {} is not known.",
                    words::counted(crowd.unaccounted, "task"),
                    words::agree(crowd.unaccounted, "it", "them")
                ),
                where_they_wait(crowd, crowd.unaccounted, parked),
            ],
            ..Charge::of(&RULE.doc, scene, crowd)
        })
    })
}
