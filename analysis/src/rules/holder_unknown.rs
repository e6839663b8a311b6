//! L7: tasks wait for a lock, and whoever holds it is gone or not on record.

use super::stalled_sender::at_rest;
use super::{Charge, Confirms, Opinion, Rule, RuleDoc, awaited, names, where_they_wait};
use crate::facts::{Cap, ResourceFacts, ResourceKind, ResourceState};
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::{Scene, at_least};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L7",
        title: "holder unknown",
        class: Class::Likely,
        needs: &[Cap::Resources],
        meaning: "These tasks wait for a lock that has not changed hands for long, and no live task is known to hold it: its guard was taken by `lock_owned`, or outlives the task that took it.",
        condition: "A Mutex or RwLock is locked; none of its holders is a live task that holds an ordinary guard; it had no hand-over, and its first waiter has waited, for more than max(30 s, 20 x the 99th percentile of the gaps between wakes at this site).",
        reason: "An ordinary guard dies with its task. One that does not was moved somewhere on purpose, and after twenty usual waits it is probably forgotten there.",
        example: "The mutex from src/db.rs:12 was taken 6m00s ago by task #4 of src/job.rs:9, which has ended: its guard lives on somewhere. 4 tasks wait for it.",
        fix: "Keep guards in scopes; do not store an owned guard or send it away; never `mem::forget` one.",
        limits: "A guard that was handed to a long job on purpose looks the same until it is given back.",
        silenced_by: &["H7"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let policy = scene.policy;
    let threshold = at_least(policy.stall_floor, policy.stall_gaps, scene.usual_gap());
    Opinion::of_crowds(scene, RULE.doc.id, |crowd| {
        let locks: Vec<(&ResourceFacts, String, u64)> = awaited::by(scene, crowd)
            .into_iter()
            .filter(|(lock, tasks)| at_rest(scene, lock) > threshold && *tasks > 0)
            .filter_map(|(lock, tasks)| Some((lock, who_holds(scene, lock)?, tasks)))
            .collect();
        charge(scene, crowd, &locks, threshold)
    })
}

/// What is known of the holder of a lock that no live task holds by an ordinary guard.
fn who_holds(scene: &Scene<'_>, lock: &ResourceFacts) -> Option<String> {
    let held = match (lock.kind, lock.state) {
        (ResourceKind::Mutex, ResourceState::Locked(locked)) => locked,
        (ResourceKind::RwLock, ResourceState::ReadWrite { writer, readers }) => {
            writer || readers > 0
        }
        _ => false,
    };
    let ordinary = |movable: bool, alive: bool| !movable && alive;
    let known = lock
        .holders
        .iter()
        .any(|holder| ordinary(holder.movable, holder.task.is_some_and(|task| task.alive)));
    if !held || known {
        return None;
    }
    let what = words::capitalised(&words::resource(lock));
    let taken = lock.holders.iter().find_map(|holder| Some((holder, holder.task?)));
    Some(match taken {
        Some((holder, task)) => {
            let ago = holder.since.map_or_else(String::new, |since| {
                format!("{} ago ", words::duration(scene.now.since(since)))
            });
            let (by, then) = (
                names::task(scene.model, task),
                if task.alive {
                    "by `lock_owned`: its guard may be in any task"
                } else {
                    "which has ended: its guard lives on somewhere"
                },
            );
            format!("{what} was taken {ago}by {by}, {then}.")
        }
        None => format!(
            "{what} is held, and nobody is on record for it: it was taken outside any task, or by `try_lock` or `blocking_lock`."
        ),
    })
}

fn charge(
    scene: &Scene<'_>,
    crowd: &Crowd,
    locks: &[(&ResourceFacts, String, u64)],
    threshold: std::time::Duration,
) -> Option<Charge> {
    let (lock, holder, _) = locks.iter().max_by_key(|(lock, _, tasks)| (*tasks, lock.id))?;
    let affected = locks.iter().map(|(.., tasks)| tasks).sum::<u64>().min(crowd.parked);
    let still = at_rest(scene, lock);
    let oldest = scene.now.since(crowd.oldest_parked);
    let shown = still > threshold.saturating_add(scene.policy.confirm);
    let mut evidence = vec![
        holder.clone(),
        format!(
            "{} {} for it, and it has not changed hands for {}.",
            words::counted(lock.waiting, "task"),
            words::agree(lock.waiting, "waits", "wait"),
            words::duration(still)
        ),
    ];
    evidence.extend(awaited::in_all(affected, locks.len(), "such locks"));
    evidence.push(where_they_wait(crowd, affected, oldest));
    Some(Charge {
        affected,
        lived: threshold,
        since: scene.now.back(still.saturating_sub(threshold)),
        confirms: Confirms::by(shown, crowd.unresolved, scene.policy),
        evidence,
        clears: "The lock is given back.".to_owned(),
        ..Charge::of(&RULE.doc, scene, crowd)
    })
}
