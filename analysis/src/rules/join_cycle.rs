//! P5: a task awaits the end of one that waits for it.

use super::stranding::{self, Words};
use super::{Opinion, Rule, RuleDoc};
use crate::facts::Cap;
use crate::report::Class;
use crate::scene::Scene;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "P5",
        title: "join cycle",
        class: Class::Likely,
        needs: &[Cap::Wakers, Cap::Resources, Cap::ParkStacks],
        meaning: "A task awaits the end of its child, and the child waits for something that only the parent can give, mostly a lock that the parent holds while it awaits.",
        condition: "The task's only waker beyond its locks was registered by a JoinHandle or JoinSet in its latest poll; it has exactly one live child; and that child waits, directly or not, for the task. Nothing else can wake either.",
        reason: "A join handle fires when its task ends, and a task that waits for its parent does not.",
        example: "#9 holds the mutex from src/job.rs:14 (2m10s) and waits for #10 to end; #10 is what #9 waits to end and waits for the mutex from src/job.rs:14.",
        fix: "Drop the guard before awaiting the handle; never pass a task's own handle into it.",
        limits: "That the handle is the one of the only child is a guess: handles can be passed around. So it is LIKELY and no proof. With two live children nothing is said.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    stranding::opinion(scene, &RULE.doc, |group| Words {
        evidence: stranding::about_knots(scene, group),
        counter_evidence: vec![
            "Whose join handle it awaits is not told; it is taken for the one of its only child."
                .to_owned(),
        ],
        blocked_behind: None,
        clears: "One of the tasks is aborted, or is polled again.".to_owned(),
    })
}
