//! L11: a task waits for others, and there are not enough of them.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::{Cap, ResourceFacts, ResourceState, Wait};
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::{Scene, at_least};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L11",
        title: "wait falls short",
        class: Class::Likely,
        needs: &[Cap::ParkStacks],
        meaning: "These tasks wait until enough others have arrived or ended. There are fewer left that could than are missing.",
        condition: "A barrier (tracked with resource tracking `all`): for more than max(30 s, 10 x the 99th percentile of returned lifetimes) fewer tasks have arrived than it needs, and fewer live tasks than are missing ever touched it besides those that wait. Or a task waits in `TaskTracker::wait` for as long, tasks of its site have spawned others, and no live task was spawned by one of them, or by a task that has ended, or by one not known.",
        reason: "Whom it waits for would have to come from somewhere: with nobody left who knows the barrier, or was spawned where tracked tasks come from, nobody arrives.",
        example: "3 of 4 tasks have arrived at the barrier of src/sync.rs:12; no other live task ever touched it, so the missing one does not come.",
        fix: "Count from the same place that spawns, or use a `JoinSet`; call `tracker.close()` before `tracker.wait()`; drop the spare `Sender` of a channel used to wait.",
        limits: "A task that is spawned later may still arrive. A tracker that tracks futures without tasks, or only tasks spawned by others, is not judged. A channel used to wait is seen by L5, and with wrapped channels by P6.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let policy = scene.policy;
    let norm = scene.site.lifetimes.quantile(0.99);
    let threshold = at_least(policy.short_floor, policy.cutoff_norms, norm);
    Opinion::of_crowds(scene, "L11", |crowd| {
        let parked = scene.now.since(crowd.oldest_parked);
        let point = crowd.point.as_ref().filter(|point| point.current)?;
        let (affected, evidence) = match point.wait {
            _ if parked <= threshold => return None,
            Wait::Barrier => at_barriers(scene, crowd)?,
            Wait::TaskTracker => (crowd.parked, of_tracker(scene)?),
            _ => return None,
        };
        let shown = parked > threshold.saturating_add(policy.confirm);
        Some(Charge {
            affected,
            since: scene.now.back(parked.saturating_sub(threshold)),
            confirms: Confirms::by(shown, crowd.unresolved, policy),
            evidence: vec![evidence, where_they_wait(crowd, affected, parked)],
            counter_evidence: vec!["A task that is spawned later may still arrive.".to_owned()],
            clears: "The missing ones arrive, or they end.".to_owned(),
            ..Charge::of(&RULE.doc, scene, crowd)
        })
    })
}

/// The tasks that wait at barriers that cannot be completed, and the first of those barriers.
fn at_barriers(scene: &Scene<'_>, crowd: &Crowd) -> Option<(u64, String)> {
    let short: Vec<(u64, String)> = crowd
        .waits
        .iter()
        .filter_map(|wait| Some((wait.tasks, falls_short(scene.model.resource(wait.resource)?)?)))
        .collect();
    let tasks = short.iter().map(|(tasks, _)| tasks).sum::<u64>().min(crowd.parked);
    let (_, first) = short.into_iter().next()?;
    Some((tasks, first))
}

fn falls_short(barrier: &ResourceFacts) -> Option<String> {
    let ResourceState::Barrier { size, arrived } = barrier.state else { return None };
    let missing = size.checked_sub(arrived).filter(|missing| *missing > 0)?;
    let others = barrier.touched_by?.saturating_sub(barrier.waiting);
    if barrier.waiting == 0 || others >= missing {
        return None;
    }
    let at = barrier
        .place
        .as_ref()
        .map_or_else(String::new, |place| format!(" of {}", super::names::place(place)));
    let known = match others {
        0 => "no other live task".to_owned(),
        n => format!("only {} other live {}", words::count(n), words::agree(n, "task", "tasks")),
    };
    Some(format!(
        "{} of {} have arrived at the barrier{at}; {known} ever touched it, so the missing {} not come.",
        words::count(arrived),
        words::counted(size, "task"),
        words::agree(missing, "one does", "ones do")
    ))
}

/// Why nobody is left whom a tracker could wait for.
fn of_tracker(scene: &Scene<'_>) -> Option<String> {
    let waiter = scene.site;
    if waiter.children == 0 {
        return None;
    }
    let tracked = |site: &crate::facts::SiteFacts| {
        let known: u64 = site.spawned_by.iter().map(|by| by.live).sum();
        known < site.live
            || site.spawned_by.iter().any(|by| by.orphans > 0 || by.site == Some(waiter.id))
    };
    let others = scene.model.sites().filter(|site| !site.own && site.live > 0);
    if others.filter(|site| site.id != waiter.id).any(tracked) {
        return None;
    }
    Some(format!(
        "The tracker still counts, or was never closed: {} of this site spawned {}, of which none is alive.",
        words::counted(waiter.spawned, "task"),
        words::counted(waiter.children, "task")
    ))
}
