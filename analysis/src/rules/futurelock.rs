//! P4: a lock was handed to an operation that its task does not poll any more.

use super::stranding::{self, Words};
use super::{Opinion, Rule, RuleDoc};
use crate::facts::Cap;
use crate::report::Class;
use crate::scene::Scene;

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
        limits: "An operation that was started in one task and moved to another is taken for the first one's.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    stranding::opinion(scene, &RULE.doc, |group| {
        Words {
        evidence: stranding::about_knots(scene, group),
        counter_evidence: stranding::doubt(
            group,
            "The lock was created outside any task. If it is `&'static`, the operation may have been moved to another task.",
        ),
        blocked_behind: None,
        clears: "The task that keeps the operation is aborted. If it is polled again without that, the finding is withdrawn and counted as retracted.".to_owned(),
    }
    })
}
