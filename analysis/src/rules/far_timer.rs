//! W3: a timer that fires in a time that nobody waits for.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::{Cap, WaitClass};
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "W3",
        title: "far timer",
        class: Class::Watch,
        needs: &[Cap::Timers, Cap::ParkStacks],
        meaning: "These tasks sleep for days. That may be a schedule, or a unit that was mixed up.",
        condition: "The task waits for a timer and for nothing else, and that timer is due in more than 24 h.",
        reason: "Milliseconds taken for seconds, or an overflow that became `Duration::MAX`, read like this.",
        example: "A task sleeps for another 31d00h.",
        fix: "Check the unit of the duration. To wait for ever on purpose, wait on a cancellation token, which can be ended.",
        limits: "Schedules by the week or month.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let far = scene.now.forward(scene.policy.far_timer);
    Opinion::of_crowds(scene, "W3", |crowd| {
        let timers = crowd.timers.filter(|timers| timers.latest > far)?;
        let only_timer = crowd.class() == Some(WaitClass::Timer) && crowd.io == 0;
        if !only_timer {
            return None;
        }
        let eta = words::duration(timers.latest.since(scene.now));
        // Of several timers only the first and the last are known.
        let affected = if timers.soonest > far { timers.tasks } else { 1 };
        let first = match affected {
            1 => format!("A task sleeps for another {eta}."),
            n => {
                format!("{} tasks sleep for days, the longest for another {eta}.", words::count(n))
            }
        };
        let oldest = scene.now.since(crowd.oldest_parked);
        Some(Charge {
            affected,
            since: crowd.oldest_parked,
            confirms: Confirms::by(oldest > scene.policy.confirm, false, scene.policy),
            evidence: vec![first, where_they_wait(crowd, affected, oldest)],
            counter_evidence: vec!["A schedule by the week or month looks the same.".to_owned()],
            clears: "The timer fires, or they end.".to_owned(),
            ..Charge::of(&RULE.doc, scene, crowd)
        })
    })
}
