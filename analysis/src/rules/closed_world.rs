//! P6: all other ends of a channel are with tasks that wait for it.

use super::stranding::{self, Words};
use super::{Opinion, Rule, RuleDoc};
use crate::facts::Cap;
use crate::report::Class;
use crate::scene::Scene;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "P6",
        title: "closed world",
        class: Class::Proven,
        needs: &[Cap::Wakers, Cap::Handles],
        meaning: "These tasks wait for a channel whose every other end belongs to tasks that wait for it too, often to the waiting task itself. Nobody is left who could send, receive or close.",
        condition: "The channel is one of `stranded_server::sync`; it is open; each of its sending ends (for a sender: each end) was last used by a task that is itself stranded, and by no other task before; and no task of that site has live children. An end that was only made and never used may have been moved anywhere, so nothing is said then.",
        reason: "A channel wakes its waiter when somebody sends or the last other end is dropped. Both happen in polls of the tasks that have the ends, and none of those is polled any more.",
        example: "#12 has the other end of the mpsc channel from src/jobs.rs:20 and waits for the same one. It has no timer and no other waker.",
        fix: "`drop(tx)` after the producers are spawned; give each a clone and keep none; in a request, bound the reply with `timeout(d, rx)`.",
        limits: "The holder of an end is the task that used it last: a later move into another task that has not used it yet is not seen. Where ends of this channel are known to have moved, or its holder's site has live children, the finding is LIKELY.",
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
            "An end of the channel has moved between tasks before, or may have been moved into a child: another task may have it.",
        ),
        blocked_behind: None,
        clears: "One of the tasks is aborted. If one is polled again without that, the finding is withdrawn and counted as retracted.".to_owned(),
    }
    })
}
