//! L6: senders wait for room in a channel from which nobody receives.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, awaited, names, where_they_wait};
use crate::facts::{Cap, Moment, ResourceFacts, ResourceState, Side, Wait};
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::{Scene, at_least};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L6",
        title: "stalled sender",
        class: Class::Likely,
        needs: &[Cap::ParkStacks],
        meaning: "These tasks wait for room in a bounded channel. It is full, and nobody receives from it.",
        condition: "The task waits in `send` or `reserve` of a bounded channel for more than max(30 s, 20 x the 99th percentile of the gaps between wakes at this site), and the channel, where it is tracked, has no room and had no hand-over for as long; where it is not, none of the waiting tasks was woken for as long.",
        reason: "Back-pressure moves: each receive lets one sender in. A full channel without any hand-over for twenty times the usual wait has lost its reader.",
        example: "A channel of 64 has been full without a hand-over for 6m00s; 31 tasks wait to send. The receiver is probably task #9 of src/flush.rs:12, which has been parked for 6m00s in sleep at src/flush.rs:50.",
        fix: "Receive in the `select!` of the reader's other waits, and close or drop `rx` when the reader is done; on the sending side use `send_timeout`, or `try_send` and drop what does not fit.",
        limits: "A consumer that is slower than twenty of its usual gaps looks the same until it moves. Without resource tracking the channel itself is not seen, only that its senders are not woken.",
        silenced_by: &["H7"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let policy = scene.policy;
    let threshold = at_least(policy.stall_floor, policy.stall_gaps, scene.usual_gap());
    Opinion::of_crowds(scene, "L6", |crowd| {
        let sends = crowd.point.as_ref().is_some_and(|point| point.wait == Wait::MpscSend);
        let still = scene.now.since(crowd.oldest_parked);
        if !sends || crowd.current < crowd.parked || still <= threshold {
            return None;
        }
        let known = awaited::by(scene, crowd);
        if known.is_empty() {
            return unseen(scene, crowd, threshold);
        }
        let stalled: Vec<(&ResourceFacts, u64)> = known
            .into_iter()
            .filter(|(channel, _)| is_full(channel) && at_rest(scene, channel) > threshold)
            .collect();
        of_channels(scene, crowd, &stalled, threshold)
    })
}

/// How long a channel has had no hand-over: since it was created, if it never had any.
pub(super) fn at_rest(scene: &Scene<'_>, channel: &ResourceFacts) -> Duration {
    let moved = channel.handed_over.unwrap_or(channel.created);
    let waiting = channel.waiting_since.unwrap_or(moved);
    scene.now.since(moved.max(waiting))
}

fn is_full(channel: &ResourceFacts) -> bool {
    match channel.state {
        ResourceState::Permits { available, .. } => available == 0,
        ResourceState::Channel { closed, .. } => !closed,
        _ => false,
    }
}

fn of_channels(
    scene: &Scene<'_>,
    crowd: &Crowd,
    stalled: &[(&ResourceFacts, u64)],
    threshold: Duration,
) -> Option<Charge> {
    let (first, _) = stalled.iter().max_by_key(|(channel, tasks)| (*tasks, channel.id))?;
    let affected = stalled.iter().map(|(_, tasks)| tasks).sum::<u64>().min(crowd.parked);
    let rest = at_rest(scene, first);
    let channel = match first.state {
        ResourceState::Permits { capacity: Some(room), .. } => format!("A channel of {room}"),
        _ => "A channel".to_owned(),
    };
    let mut evidence = vec![format!(
        "{channel} has been full without a hand-over for {}; {} {} to send.",
        words::duration(rest),
        words::counted(first.waiting.max(1), "task"),
        words::agree(first.waiting.max(1), "waits", "wait")
    )];
    evidence.extend(awaited::in_all(affected, stalled.len(), "stalled channels"));
    Some(charge(scene, crowd, (Some(first), affected), (rest, threshold), evidence))
}

/// A channel that is not tracked moves if one of its senders is woken.
fn unseen(scene: &Scene<'_>, crowd: &Crowd, threshold: Duration) -> Option<Charge> {
    let parked = scene.now.since(crowd.oldest_parked);
    let rest = crowd.last_wake.map_or(parked, |at| scene.now.since(at)).min(parked);
    let evidence = vec![format!(
        "{} for room in a full channel; none of them has been woken for {}.",
        words::agree(crowd.parked, "A task waits", "Tasks wait"),
        words::duration(rest)
    )];
    (rest > threshold)
        .then(|| charge(scene, crowd, (None, crowd.parked), (rest, threshold), evidence))
}

fn charge(
    scene: &Scene<'_>,
    crowd: &Crowd,
    (channel, affected): (Option<&ResourceFacts>, u64),
    (rest, threshold): (Duration, Duration),
    mut evidence: Vec<String>,
) -> Charge {
    let oldest = scene.now.since(crowd.oldest_parked);
    evidence.push(where_they_wait(crowd, affected, oldest));
    evidence.extend(receiver(scene, crowd, channel));
    let counter_evidence = match channel {
        Some(_) => "A consumer that is only slow looks the same until it receives again.",
        None => "The channel is not tracked, so whether it moves is told by its senders alone.",
    };
    let shown = rest > threshold.saturating_add(scene.policy.confirm);
    Charge {
        affected,
        since: scene.now.back(rest.saturating_sub(threshold)),
        confirms: Confirms::by(shown, crowd.unresolved, scene.policy),
        evidence,
        counter_evidence: vec![counter_evidence.to_owned()],
        clears: "Something is received from the channel, or the tasks end.".to_owned(),
        ..Charge::of(&RULE.doc, scene, crowd)
    }
}

/// Who should receive: the holder of the receiving end where that is known, otherwise the task that let
/// one of the senders in last.
fn receiver(scene: &Scene<'_>, crowd: &Crowd, channel: Option<&ResourceFacts>) -> Option<String> {
    let held = channel.and_then(|channel| {
        channel.handles.iter().find(|handle| handle.side == Side::Receive).and_then(|end| end.task)
    });
    let (task, is) = match held {
        Some(task) => (task, "is"),
        None => (crowd.last_waker.filter(|_| crowd.woken_by_task > 0)?, "is probably"),
    };
    let now: Moment = scene.now;
    Some(format!(
        "The receiver {is} {}, {}.",
        names::task(scene.model, task),
        names::whereabouts(scene.model, task, now)
    ))
}
