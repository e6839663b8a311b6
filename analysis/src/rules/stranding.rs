//! What the rules on the wait graph share: the stranded tasks of a site by place, and their charge.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Charge, Confirms, OnGraph, Opinion, RuleDoc};
use crate::facts::{Hold, Moment, ResourceId, TaskId, WaitingTask};
use crate::model::Model;
use crate::park;
use crate::reach::{Cause, Knot, Stranded, Through, Tie};
use crate::report::{Class, ParkPoint};
use crate::scene::Scene;
use crate::words;

/// The most examples of a charge.
const EXAMPLES: usize = 5;
/// The most tasks whose progress is looked for, per charge.
pub(crate) const ACCUSED: usize = 64;
/// The most members of a knot that a sentence names.
const NAMED: usize = 4;

/// Stranded tasks of one site that one rule accuses at one place, longest parked first.
pub(super) struct Group<'a> {
    pub place: Option<ParkPoint>,
    pub proven: bool,
    pub tasks: Vec<(&'a WaitingTask, Stranded)>,
}

/// The groups that `rule` accuses at this site. Where some of a group are proven, the likely ones are left out.
pub(super) fn groups<'a>(scene: &Scene<'a>, rule: &str) -> Vec<Group<'a>> {
    let mut by_place: BTreeMap<Option<ParkPoint>, Vec<(&WaitingTask, Stranded)>> = BTreeMap::new();
    for (id, stranded) in scene.reach.of_site(scene.site.id) {
        let Some(task) = scene.model.waiting_task(id) else { continue };
        if scene.reach.rule(stranded.cause) == rule {
            let place = park::of_waiting(task, scene.crowds, scene.model);
            by_place.entry(place).or_default().push((task, stranded));
        }
    }
    by_place
        .into_iter()
        .map(|(place, mut tasks)| {
            let proven = tasks.iter().any(|(_, stranded)| stranded.proven);
            tasks.retain(|(_, stranded)| stranded.proven == proven);
            tasks.sort_by_key(|(task, _)| (task.parked_since, task.id));
            Group { place, proven, tasks }
        })
        .collect()
}

/// What a rule adds to the charge of a group.
pub(super) struct Words {
    pub evidence: Vec<String>,
    pub counter_evidence: Vec<String>,
    pub blocked_behind: Option<String>,
    pub clears: String,
}

/// The opinion of a rule that accuses groups.
pub(super) fn opinion(
    scene: &Scene<'_>,
    rule: &'static RuleDoc,
    words: impl Fn(&Group<'_>) -> Words,
) -> Opinion {
    let groups = groups(scene, rule.id);
    let charges = groups.iter().map(|group| charge(scene, rule, group, words(group))).collect();
    Opinion { charges, silenced_by: None }
}

fn charge(scene: &Scene<'_>, rule: &'static RuleDoc, group: &Group<'_>, words: Words) -> Charge {
    let parked = |task: &WaitingTask| {
        task.parked_since.map_or(Duration::ZERO, |since| scene.now.since(since))
    };
    let tasks = || group.tasks.iter().map(|(task, _)| *task);
    let since =
        group.tasks.iter().filter_map(|(task, stranded)| holds_since(scene, task, *stranded)).min();
    let since = since.unwrap_or(scene.now);
    let shown = scene.now.since(since) >= scene.policy.settle + scene.policy.confirm;
    let mut with: Vec<_> = group
        .tasks
        .iter()
        .flat_map(|(_, stranded)| relied_on(scene, *stranded))
        .filter_map(|id| Some((id, scene.model.waiting_task(id)?.site)))
        .collect();
    with.sort_unstable();
    with.dedup();
    with.truncate(ACCUSED);
    Charge {
        rule,
        class: if group.proven { rule.class } else { rule.class.max(Class::Likely) },
        place: group.place.clone(),
        affected: group.tasks.len() as u64,
        lived: tasks().map(parked).min().unwrap_or_default(),
        since,
        // A proof needs no second look here: each of its tasks has settled.
        confirms: if group.proven {
            Confirms::Now
        } else {
            Confirms::by(shown, false, scene.policy)
        },
        oldest: tasks().map(parked).max().unwrap_or_default(),
        examples: tasks().map(|task| task.id).take(EXAMPLES).collect(),
        examples_stranded: false,
        evidence: words.evidence,
        counter_evidence: words.counter_evidence,
        fix: rule.fix.to_owned(),
        clears: words.clears,
        graph: Some(OnGraph {
            accused: tasks().map(|task| (task.id, task.polls)).take(ACCUSED).collect(),
            with,
            blocked_behind: words.blocked_behind,
        }),
    }
}

/// The tasks that have to stay stranded for this one to do so.
fn relied_on(scene: &Scene<'_>, stranded: Stranded) -> Vec<TaskId> {
    match stranded.cause {
        Cause::NoWaker => Vec::new(),
        Cause::Knot(index) => {
            let tasks = scene.reach.knot(index).map(|knot| knot.tasks.as_slice());
            tasks.unwrap_or_default().iter().copied().take(ACCUSED).collect()
        }
        Cause::Behind { root, .. } => {
            let own = scene.reach.get(root).map(|of_root| relied_on(scene, of_root));
            own.unwrap_or_default().into_iter().chain([root]).collect()
        }
    }
}

/// Since when the last of those who matter is parked.
fn holds_since(scene: &Scene<'_>, task: &WaitingTask, stranded: Stranded) -> Option<Moment> {
    let others = relied_on(scene, stranded);
    let parked = others.iter().filter_map(|id| scene.model.waiting_task(*id)?.parked_since);
    parked.chain(task.parked_since).max()
}

/// The knots of a group, each once.
pub(super) fn knots<'a>(scene: &'a Scene<'_>, group: &Group<'_>) -> Vec<&'a Knot> {
    let mut indices: Vec<usize> = group
        .tasks
        .iter()
        .filter_map(|(_, stranded)| match stranded.cause {
            Cause::Knot(index) => Some(index),
            _ => None,
        })
        .collect();
    indices.sort_unstable();
    indices.dedup();
    indices.into_iter().filter_map(|index| scene.reach.knot(index)).collect()
}

/// The sentences of a rule that accuses knots: one knot in words, how many there are, who waits behind them.
pub(super) fn about_knots(scene: &Scene<'_>, group: &Group<'_>) -> Vec<String> {
    let knots = knots(scene, group);
    let mut evidence: Vec<String> =
        knots.first().map(|knot| knot_in_words(scene, knot)).into_iter().collect();
    evidence.extend(knots.first().map(|knot| no_other_waker(knot)));
    if knots.len() > 1 {
        evidence.push(format!("{} such cycles in all, alike.", words::count(knots.len() as u64)));
    }
    let roots = knots.iter().filter_map(|knot| knot.tasks.first());
    evidence.extend(victims(roots.map(|root| scene.reach.behind(*root)).sum()));
    evidence
}

/// "3 more tasks are blocked behind them."
pub(crate) fn victims(n: u64) -> Option<String> {
    (n > 0).then(|| {
        format!(
            "{} {} blocked behind that; {} counted here, and no leak of {} own.",
            words::counted(n, "more task"),
            words::agree(n, "is", "are"),
            words::agree(n, "it is", "they are"),
            words::agree(n, "its", "their")
        )
    })
}

fn no_other_waker(knot: &Knot) -> String {
    match knot.tasks.len() {
        1 => "It has no timer and no other waker.".to_owned(),
        2 => "Neither has a timer or any other waker.".to_owned(),
        n => format!(
            "None of these {} tasks has a timer or any other waker.",
            words::count(n as u64)
        ),
    }
}

/// "#41 holds the mutex from src/ledger.rs:30 (6m00s) and waits for the mutex from src/ledger.rs:31; #57 holds that ..."
fn knot_in_words(scene: &Scene<'_>, knot: &Knot) -> String {
    let way = &knot.way;
    let mut parts: Vec<String> = way
        .iter()
        .enumerate()
        .take(NAMED)
        .map(|(at, step)| {
            let before = way[(at + way.len() - 1) % way.len()];
            let after = way[(at + 1) % way.len()];
            format!(
                "#{} {} and {}",
                step.task.0,
                gives(scene, step.task, before.through, before.tie, before.task),
                waits(scene, step.through, before.through, after.task)
            )
        })
        .collect();
    if way.len() > NAMED {
        let n = (way.len() - NAMED) as u64;
        parts.push(format!("and so on through {}", words::counted(n, "more task")));
    }
    format!("{}.", parts.join("; "))
}

/// What a task of a knot keeps from the one before it.
fn gives(scene: &Scene<'_>, task: TaskId, through: Through, tie: Tie, before: TaskId) -> String {
    let what = through_in_words(scene.model, through);
    match tie {
        Tie::Holds => {
            let holder =
                resource_of(through).and_then(|id| scene.model.resource(id)).and_then(|lock| {
                    lock.holders.iter().find(|h| h.task.is_some_and(|t| t.id == task))
                });
            let how = match holder.map(|holder| holder.hold) {
                Some(Hold::Shared) => " for reading",
                _ => "",
            };
            let since = holder.and_then(|holder| holder.since).map_or(String::new(), |since| {
                format!(" ({})", words::duration(scene.now.since(since)))
            });
            format!("holds {what}{how}{since}")
        }
        Tie::Queued => format!("is queued for writing before #{}", before.0),
        Tie::Granted => format!("was handed {what} by an operation that it has stopped polling"),
        Tie::Joined => format!("is what #{} waits to end", before.0),
        Tie::HasHandle => format!("has the other end of {what}"),
    }
}

fn waits(scene: &Scene<'_>, through: Through, given: Through, next: TaskId) -> String {
    match through {
        Through::Join => format!("waits for #{} to end", next.0),
        Through::Resource(_) if through == given => "waits for the same one".to_owned(),
        Through::Resource(_) => format!("waits for {}", through_in_words(scene.model, through)),
    }
}

pub(crate) fn through_in_words(model: &Model, through: Through) -> String {
    match through {
        Through::Join => "the end of its child".to_owned(),
        Through::Resource(id) => match model.resource(id) {
            Some(resource) => words::resource(resource),
            None => format!("resource {}", id.0),
        },
    }
}

fn resource_of(through: Through) -> Option<ResourceId> {
    match through {
        Through::Resource(id) => Some(id),
        Through::Join => None,
    }
}

/// Why something that usually holds is no proof here, for a group that is likely only.
pub(super) fn doubt(group: &Group<'_>, sentence: &str) -> Vec<String> {
    if group.proven { Vec::new() } else { vec![sentence.to_owned()] }
}
