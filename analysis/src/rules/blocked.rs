//! P3: tasks that wait for stranded ones: victims, not leaks of their own.

use std::collections::BTreeMap;

use super::stranding::{self, Group, Words};
use super::{Opinion, Rule, RuleDoc};
use crate::facts::{Cap, TaskId};
use crate::reach::{Cause, Through};
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "P3",
        title: "blocked",
        class: Class::Proven,
        needs: &[Cap::Wakers, Cap::Resources],
        meaning: "These tasks are fine themselves, but what they wait for can only come from tasks that are stranded. They go on once the cause is repaired, and count under it.",
        condition: "Every waker of the task sits in a lock, channel or join handle that only tasks accused by P1, P2, P4, P5 or P6 can end the wait for, directly or through other blocked tasks. Likely: L1, L2, L3, L5, L8 or L9 accuses the tasks of a place, and nine of ten of them, as far as known, wait so for tasks that a LIKELY rule accuses.",
        reason: "Whoever waits for a task that never runs again does not run again either.",
        example: "Blocked behind #41 (P2): each waits for the mutex from src/ledger.rs:30.",
        fix: "Repair the cause; these need no change. A `timeout` around the wait would have bounded the damage.",
        limits: "As the rule of the cause: this is proven where that is, and likely where that is.",
        silenced_by: &[],
    },
    condition,
};

/// One cause of a group, and what its victims wait for.
struct Behind {
    root: TaskId,
    through: Through,
}

fn condition(scene: &Scene<'_>) -> Opinion {
    stranding::opinion(scene, &RULE.doc, |group| {
        let causes = causes(group);
        let named = causes.first().map(|(behind, _)| in_words(scene, behind));
        let all = group.tasks.len() as u64;
        let others = causes.len() as u64 - causes.first().map_or(0, |_| 1);
        let mut evidence = Vec::new();
        if let (Some((_, most)), Some(named)) = (causes.first(), &named) {
            evidence.push(if others == 0 {
                format!("Blocked behind {named}.")
            } else {
                format!(
                    "{} of {} are blocked behind {named}; the others behind {}.",
                    words::count(*most),
                    words::counted(all, "task"),
                    words::counted(others, "other cause")
                )
            });
        }
        Words {
            evidence,
            counter_evidence: vec![
                "Victims of another finding: repairing that one is enough.".to_owned(),
            ],
            blocked_behind: named,
            clears: "The cause ends.".to_owned(),
        }
    })
}

/// The causes of a group, that with most victims first.
fn causes(group: &Group<'_>) -> Vec<(Behind, u64)> {
    let mut counts: BTreeMap<TaskId, (Through, u64)> = BTreeMap::new();
    for (_, stranded) in &group.tasks {
        if let Cause::Behind { root, through } = stranded.cause {
            let entry = counts.entry(root).or_insert((through, 0));
            entry.0 = entry.0.min(through);
            entry.1 += 1;
        }
    }
    let mut causes: Vec<(Behind, u64)> =
        counts.into_iter().map(|(root, (through, n))| (Behind { root, through }, n)).collect();
    causes.sort_by_key(|(behind, n)| (std::cmp::Reverse(*n), behind.root));
    causes
}

/// "#41 (P2): the mutex from src/ledger.rs:30".
fn in_words(scene: &Scene<'_>, behind: &Behind) -> String {
    let rule = scene.reach.get(behind.root).map_or("P1", |root| scene.reach.rule(root.cause));
    let through = stranding::through_in_words(scene.model, behind.through);
    format!("#{} ({rule}): {through}", behind.root.0)
}
