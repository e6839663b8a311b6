//! L5: a receiver whose every waker so far has ended.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, names, where_they_wait};
use crate::facts::{Cap, WaitClass};
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::{Scene, at_least};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L5",
        title: "waker gone",
        class: Class::Likely,
        needs: &[Cap::WokenBy, Cap::ParkStacks],
        meaning: "These tasks wait for a message. Every task that ever sent them one has ended, without closing the channel.",
        condition: "The task waits for a message, value or notification. As far as remembered only tasks have woken it, all of them have ended, and it has been parked, and they have been gone, for more than max(30 s, 10 x the 99th percentile of the gaps between wakes at this site). Not where more than twice as many tasks were spawned at the waking site as at this one: there wakers come and go.",
        reason: "Who used to send is gone, and the receiver was not told: some sender lives on in a place where nobody uses it.",
        example: "Every task that ever woke this task has ended, the last one 3m02s ago, and nothing closed what it waits for. The last was task #12 of src/producer.rs:8, which has ended.",
        fix: "Drop every sender: the original beside its clones, and those kept in maps and closures. On the sending side `tx.closed()` tells when nobody receives any more.",
        limits: "A producer may come later. Only the last few wakers of a task are remembered. WATCH where the site of the waker is not known.",
        silenced_by: &["H1", "H2", "H3", "H4", "H5", "H7"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    // Without a usual gap there was no wake, and so no waker to miss.
    let Some(gap) = scene.usual_gap() else {
        return Opinion::default();
    };
    let policy = scene.policy;
    let threshold = at_least(policy.waker_gone_floor, policy.waker_gone_gaps, Some(gap));
    Opinion::of_crowds(scene, "L5", |crowd| {
        let gone = scene.now.since(crowd.waker_gone_since?);
        let silent = gone.min(scene.now.since(crowd.oldest_parked));
        let accused = crowd.waker_gone > 0
            && crowd.class() == Some(WaitClass::Message)
            && silent > threshold
            && !wakers_come_and_go(scene, crowd);
        accused.then(|| charge(scene, crowd, gone, (silent, threshold)))
    })
}

/// Whether tasks like the last waker are spawned more often than tasks like these, so that another one
/// may come.
fn wakers_come_and_go(scene: &Scene<'_>, crowd: &Crowd) -> bool {
    let waker = crowd.last_waker.and_then(|task| scene.model.site(task.site?));
    waker.is_some_and(|waker| {
        waker.spawned as f64 > scene.policy.wakers_per_task * scene.site.spawned as f64
    })
}

fn charge(
    scene: &Scene<'_>,
    crowd: &Crowd,
    gone: Duration,
    (silent, threshold): (Duration, Duration),
) -> Charge {
    let affected = crowd.waker_gone;
    let oldest = scene.now.since(crowd.oldest_parked);
    let these = match affected {
        1 => "this task".to_owned(),
        n => format!("these {} tasks", words::count(n)),
    };
    let mut evidence = vec![format!(
        "Every task that ever woke {these} has ended, {} {} ago, and nothing closed what {} for.",
        words::agree(affected, "the last one", "those of the first of them"),
        words::duration(gone),
        words::agree(affected, "it waits", "they wait")
    )];
    let last = crowd.last_waker.filter(|waker| !waker.alive);
    evidence.extend(
        last.map(|waker| format!("The last to do so was {}.", names::task(scene.model, waker))),
    );
    evidence.push(where_they_wait(crowd, affected, oldest));
    let known = last.is_some_and(|waker| waker.site.is_some());
    let mut counter_evidence = vec!["A producer that comes later would wake it again.".to_owned()];
    if !known {
        counter_evidence.push(
            "Where its wakers were spawned is not known, so whether others like them come is not known either.".to_owned(),
        );
    }
    let shown = silent > threshold.saturating_add(scene.policy.confirm);
    Charge {
        class: if known { Class::Likely } else { Class::Watch },
        affected,
        since: scene.now.back(silent.saturating_sub(threshold)),
        confirms: Confirms::by(shown, crowd.unresolved, scene.policy),
        evidence,
        counter_evidence,
        clears: "Something wakes them, or they end.".to_owned(),
        ..Charge::of(&RULE.doc, scene, crowd)
    }
}
