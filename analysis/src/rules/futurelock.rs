//! P4: a lock was handed to an operation that its task does not poll any more.

use super::stranding::{self, Words};
use super::{Charge, Confirms, Opinion, Rule, RuleDoc, names};
use crate::facts::{Cap, ResourceFacts, ResourceState};
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "P4",
        title: "futurelock",
        class: Class::Proven,
        needs: &[Cap::Wakers, Cap::Resources],
        meaning: "A lock is free and yet nobody gets it: it was handed to a `lock()` that was started in a task and that this task does not poll any more, because it waits for something else, in the end for the same lock.",
        condition: "A `lock()`, `read()` or `write()` has got all it asked for and was not polled since; others wait for the lock; and the task in which it was started cannot be woken any more. Where that task can be woken but has not polled the operation for 30 s, the finding is LIKELY.",
        reason: "A lock is handed to the first in its queue, not to whoever is polled. An operation that has it gives it back only when it is polled or dropped, and both happen in a poll of its task.",
        example: "#5 was handed the mutex from src/db.rs:12 by an operation that it has stopped polling and waits for the same one. It has no timer and no other waker. 3 more tasks are blocked behind that.",
        fix: "Do not await a lock while a `&mut fut` of a `select!`, or a stream's child, holds a place in its queue: drop that future first, spawn it, or keep it in a `JoinSet`.",
        limits: "An operation that was started in one task and moved to another is taken for the first one's; it is LIKELY where the first has spawned tasks or had a waker dropped by another.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let mut opinion = stranding::opinion(scene, &RULE.doc, |group| {
        Words {
        evidence: stranding::about_knots(scene, group),
        counter_evidence: stranding::doubt(
            group,
            "The lock was created outside any task, or the task has spawned others: the operation may have been moved to one of them.",
        ),
        blocked_behind: None,
        clears: "The task that keeps the operation is aborted. If it is polled again without that, the finding is withdrawn and counted as retracted.".to_owned(),
    }
    });
    let proven: Vec<_> = opinion.charges.iter().map(|charge| charge.place.clone()).collect();
    let likely = scene.crowds.iter().filter(|crowd| !proven.contains(&crowd.point));
    opinion.charges.extend(likely.filter_map(|crowd| forgotten(scene, crowd)));
    opinion
}

/// Waiters of a lock that a task which can still run has been handed, and does not take up.
fn forgotten(scene: &Scene<'_>, crowd: &Crowd) -> Option<Charge> {
    let policy = scene.policy;
    let (lock, grant, tasks) = crowd
        .waits
        .iter()
        .filter_map(|wait| {
            let lock = scene.model.resource(wait.resource)?;
            let grant = lock.granted.iter().min_by_key(|grant| grant.at)?;
            let stranded = grant.task.is_some_and(|task| scene.reach.get(task.id).is_some());
            let old = scene.now.since(grant.at) >= policy.stall_floor;
            let forgotten = old && !stranded && is_free(lock) && wait.tasks > 0;
            forgotten.then_some((lock, grant, wait.tasks))
        })
        .min_by_key(|(lock, grant, _)| (grant.at, lock.id))?;
    let held = scene.now.since(grant.at);
    let whose = grant
        .task
        .map_or_else(String::new, |task| format!(" of {}", names::task(scene.model, task)));
    Some(Charge {
        class: Class::Likely,
        affected: tasks.min(crowd.parked),
        lived: policy.stall_floor,
        since: grant.at.forward(policy.stall_floor),
        confirms: Confirms::by(
            held >= policy.stall_floor.saturating_add(policy.confirm),
            false,
            policy,
        ),
        evidence: vec![format!(
            "{} is free, yet {} for it. It was handed to an operation{whose} that has not been polled for {}.",
            words::capitalised(&words::resource(lock)),
            format_args!(
                "{} {}",
                words::counted(lock.waiting, "task"),
                words::agree(lock.waiting, "waits", "wait")
            ),
            words::duration(held)
        )],
        counter_evidence: vec![
            "The task that keeps it can still run, and gives it back when it polls or drops the operation.".to_owned(),
        ],
        ..Charge::of(&RULE.doc, scene, crowd)
    })
}

fn is_free(lock: &ResourceFacts) -> bool {
    matches!(
        lock.state,
        ResourceState::Locked(false) | ResourceState::ReadWrite { writer: false, readers: 0 }
    )
}
