//! P1: no waker of the task exists any more, so nothing can ever run it again.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, stranding};
use crate::facts::Cap;
use crate::health::{self, Trends};
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "P1",
        title: "lost waker",
        class: Class::Proven,
        needs: &[Cap::Wakers],
        meaning: "A parked task runs again only when somebody calls one of its wakers. These tasks have none left: every waker they handed out was dropped, or they never handed one out.",
        condition: "The task was polled, is neither running nor woken, has no live waker, and nothing about it changed for 5 s while its runtime went on. Kinds `task` and `local` only; off when more than 0.1 % of the waker counts are unreliable, and once another `tracing` subscriber than the agent's was created in the process.",
        reason: "A poll needs a wake, and a wake needs a live waker. Without one only an abort, the end of the runtime or a task dump touches the task, so this is a proof and not a guess.",
        example: "Nothing can wake this task: no waker of it is left, and it has not moved for 4m12s. Parked in other: `app::Signal` at src/cache.rs:88.",
        fix: "Store a clone of `cx.waker()` before returning `Pending`, on every poll; wait on `token.cancelled()` instead of `pending()`; keep the side that wakes alive, or drop the receiver with it.",
        limits: "A guard that parks in `pending()` until it is aborted looks the same; once three tasks of the site have ended by an abort, it is W2. A task whose stale waker is still held by a socket or by itself is missed, never accused. A future polled under `tracing`'s `Dispatch::none()` hides its wakers, and only that cannot be noticed.",
        silenced_by: &["H9"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let charges: Vec<Charge> = scene
        .crowds
        .iter()
        .filter(|crowd| crowd.zero_wakers > 0)
        .map(|crowd| charge(scene, crowd))
        .collect();
    if charges.is_empty() {
        return Opinion::default();
    }
    match health::of_site(scene, "P1", Trends::Ignored) {
        Some(defence) => Opinion::silenced(Some(defence)),
        None => Opinion { charges, silenced_by: None },
    }
}

fn charge(scene: &Scene<'_>, crowd: &Crowd) -> Charge {
    let settled = crowd.stranded > 0;
    let affected = if settled { crowd.stranded } else { crowd.zero_wakers };
    let since = crowd.stranded_since.filter(|_| settled).unwrap_or(scene.now);
    let oldest = scene.now.since(since);
    let mut evidence = vec![no_waker_left(affected, settled.then_some(oldest))];
    evidence.extend(place(crowd));
    evidence.extend(handed_out(scene, crowd));
    evidence.extend(stranding::victims(victims(scene, crowd)));
    let mut counter_evidence = vec![format!(
        "A guard that parks until it is aborted looks the same; so far {} of this site {} aborted.",
        if scene.site.cancelled == 0 {
            "no task".to_owned()
        } else {
            words::counted(scene.site.cancelled, "task")
        },
        words::agree(scene.site.cancelled.max(1), "was", "were")
    )];
    if scene.site.revived > 0 {
        counter_evidence.push(format!(
            "{} of this site looked just as lost and {} polled again, so this is no proof here.",
            words::counted(scene.site.revived, "task"),
            words::agree(scene.site.revived, "was", "were")
        ));
    }
    Charge {
        rule: &RULE.doc,
        // A proof that failed once at this site is none.
        class: if scene.site.revived > 0 { Class::Likely } else { Class::Proven },
        place: crowd.point.clone(),
        affected,
        lived: Duration::ZERO,
        since,
        confirms: if settled { Confirms::Now } else { Confirms::BySource },
        oldest,
        examples: crowd.stranded_examples.clone(),
        examples_stranded: true,
        evidence,
        counter_evidence,
        fix: RULE.doc.fix.to_owned(),
        clears: "Only an abort ends them. If one of them is polled again the finding is withdrawn and counted as retracted.".to_owned(),
        graph: None,
    }
}

pub(super) fn no_waker_left(affected: u64, still: Option<std::time::Duration>) -> String {
    let moved = match (still, affected) {
        (None, _) => "; this is being watched for the settle time".to_owned(),
        (Some(span), 1) => format!(", and it has not moved for {}", words::duration(span)),
        (Some(span), _) => {
            format!(", and the first of them has not moved for {}", words::duration(span))
        }
    };
    match affected {
        1 => format!(
            "Nothing can wake this task: no waker of it is left{moved}. Only an abort ends it."
        ),
        n => format!(
            "Nothing can wake these {} tasks: no waker of theirs is left{moved}. Only an abort ends them.",
            words::count(n)
        ),
    }
}

/// The last clone may stem from an earlier await of the same task, and `pending()` never clones at all.
pub(super) fn place(crowd: &Crowd) -> Option<String> {
    let point = crowd.point.as_ref()?;
    Some(if point.current {
        format!("Parked in {}.", words::place(point))
    } else {
        format!(
            "Last registered in {}, in an earlier poll: where it parked since is unknown.",
            words::place(point)
        )
    })
}

/// How many tasks wait for something that only one of these could give.
fn victims(scene: &Scene<'_>, crowd: &Crowd) -> u64 {
    stranding::groups(scene, RULE.doc.id)
        .iter()
        .filter(|group| group.place == crowd.point)
        .flat_map(|group| &group.tasks)
        .map(|(task, _)| scene.reach.behind(task.id))
        .sum()
}

/// The waker count of one of them, where its row is known.
fn handed_out(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    let task = crowd.stranded_examples.iter().find_map(|id| scene.model.task(*id))?;
    let wakers = task.wakers.filter(|wakers| wakers.live == 0)?;
    let id = task.id.0;
    Some(match wakers.clones {
        0 => format!(
            "Task #{id} never handed out a waker in {}.",
            words::counted(task.polls, "poll")
        ),
        1 => format!("Task #{id} handed out 1 waker, which is gone."),
        n => format!("Task #{id} handed out {} wakers, which are all gone.", words::count(n)),
    })
}
