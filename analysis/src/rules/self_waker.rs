//! W6: tasks whose only waker is in a set of futures of their own.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::{Cap, Wait};
use crate::report::Class;
use crate::scene::{Scene, at_least};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "W6",
        title: "self-waker",
        class: Class::Watch,
        needs: &[Cap::ParkStacks, Cap::Norms],
        meaning: "The only waker of these tasks is held by a set of futures inside the task itself. If none of those futures can be woken, nothing can wake the task, and yet it has a waker.",
        condition: "The tasks wait in a `FuturesUnordered` or a `Shared` and in nothing else, with no timer, socket or lock of their own in sight, for more than max(30 s, 10 x the 99th percentile of the gaps between wakes at this site).",
        reason: "Inside such a set the children have wakers of their own, which are not seen. So a lost waker in there is not provable: it can only be pointed at.",
        example: "The only waker of this task is in its own futures unordered: if none of the futures in it can be woken, neither can the task.",
        fix: "Give the futures in the set an end (a `timeout`, a token), or spawn them in a `JoinSet`: then each is a task that is seen.",
        limits: "Futures in the set that wait for timers or sockets look the same.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let policy = scene.policy;
    let threshold = at_least(policy.odd_floor, policy.self_waker_gaps, scene.usual_gap());
    Opinion::of_crowds(scene, "W6", |crowd| {
        let parked = scene.now.since(crowd.oldest_parked);
        let point = crowd.point.as_ref().filter(|point| point.current)?;
        let alone = matches!(point.wait, Wait::FuturesUnordered | Wait::Shared)
            && (crowd.timed, crowd.io, crowd.entrances) == (0, 0, 0)
            && crowd.timers.is_none()
            && crowd.waits.is_empty();
        (alone && parked > threshold).then(|| {
            let shown = parked > threshold.saturating_add(policy.confirm);
            Charge {
                since: scene.now.back(parked.saturating_sub(threshold)),
                confirms: Confirms::by(shown, crowd.unresolved, policy),
                evidence: vec![
                    format!(
                        "The only waker of {} is in {} own {}: if none of the futures in it can be woken, neither can {}.",
                        words::agree(crowd.parked, "this task", "these tasks"),
                        words::agree(crowd.parked, "its", "their"),
                        point.wait,
                        words::agree(crowd.parked, "the task", "they")
                    ),
                    where_they_wait(crowd, crowd.parked, parked),
                ],
                counter_evidence: vec![
                    "Futures in the set that wait for timers or sockets are not seen.".to_owned(),
                ],
                clears: "They are woken, or end.".to_owned(),
                ..Charge::of(&RULE.doc, scene, crowd)
            }
        })
    })
}
