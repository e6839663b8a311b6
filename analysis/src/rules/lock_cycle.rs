//! P2: tasks that hold the locks they wait for, in a circle.

use super::stranding::{self, Words};
use super::{Opinion, Rule, RuleDoc};
use crate::facts::Cap;
use crate::report::Class;
use crate::scene::Scene;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "P2",
        title: "lock cycle",
        class: Class::Proven,
        needs: &[Cap::Wakers, Cap::Resources],
        meaning: "Each of these tasks holds a lock that the next one waits for, and the last holds what the first waits for. Or one task waits for a lock that it holds itself. None can go on before another does.",
        condition: "All tasks of the cycle are parked and have settled for 5 s; every waker of theirs sits in the queue of a Mutex, RwLock or OnceCell; every holder of these locks, and for a reader every writer queued there, is on record and belongs to the cycle or is stranded as well. A lock taken by `lock_owned`, `try_lock` or `blocking_lock`, or outside a task, has an unknown holder and proves nothing.",
        reason: "A lock is handed on only when its guard is dropped, and a guard that lives in a parked task is dropped only when that task is polled. In the cycle each waits for such a poll of another, so none comes.",
        example: "#41 holds the mutex from src/ledger.rs:30 (6m00s) and waits for the mutex from src/ledger.rs:31; #57 holds the mutex from src/ledger.rs:31 (6m00s) and waits for the mutex from src/ledger.rs:30. Neither has a timer or any other waker.",
        fix: "Take the locks in the same order everywhere; drop the guard before the `.await`; bound the wait with `timeout(d, lock())`; or let one task own the state and send it messages. Never read-lock twice in one task: a writer between the two blocks both.",
        limits: "A guard can be moved to another task, if its lock is `&'static` or with the future that took it. So it is LIKELY where a lock was created outside any task, where a holder has spawned a task or had a waker dropped by another since it took the lock, and for a OnceCell. Locks of other crates, and those created while resources were not tracked, are not seen.",
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
            "A lock of the cycle was created outside any task, or a holder has spawned tasks since, or it is a cell that is being filled: its guard may have been moved to another task.",
        ),
        blocked_behind: None,
        clears: "One of the tasks is aborted. If one is polled again without that, the finding is withdrawn and counted as retracted.".to_owned(),
    }
    })
}
