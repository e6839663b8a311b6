//! L10: tasks spawned by a destructor, which nobody can await.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::{Cap, Frame, ParkStack};
use crate::history;
use crate::park::{Crowd, short_function};
use crate::report::Class;
use crate::scene::{Scene, at_least};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L10",
        title: "spawned on drop",
        class: Class::Likely,
        needs: &[Cap::SpawnStacks, Cap::Spawners],
        meaning: "These tasks were spawned while a value was being dropped. A destructor cannot await, so it leaves the rest of its work to a task of which nobody holds the handle.",
        condition: "At least 80 % of the spawn stacks sampled at this site go through a destructor, the task that spawned is gone, and the task is older than max(30 s, 10 x the 99th percentile of returned lifetimes).",
        reason: "Work that finishes a drop is short. Its owner is gone, so nobody waits for it, bounds it or would miss it.",
        example: "12 tasks were spawned by `PoolConnection::drop` at src/pool.rs:31; the tasks that dropped it have ended. All 12 wait in tcp read at src/pool.rs:60; the oldest has been parked for 9m12s.",
        fix: "Offer `close().await` under a `timeout` and let `drop` only report what was not closed; or hand the value to one supervised task that closes what it gets.",
        limits: "None known. Spawn stacks are sampled.",
        silenced_by: &["H8"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let site = scene.site;
    if !site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let Some(destructor) = destructor(scene) else {
        return Opinion::default();
    };
    let orphans: u64 = site.spawned_by.iter().map(|by| by.orphans).sum();
    let policy = scene.policy;
    let norm = site.lifetimes.quantile(0.99);
    let threshold = at_least(policy.on_drop_floor, policy.on_drop_norms, norm);
    Opinion::of_crowds(scene, "L10", |crowd| {
        let affected = crowd.ages.certainly_above(threshold).min(orphans);
        (affected > 0).then(|| {
            let shown = crowd.ages.certainly_above(threshold.saturating_add(policy.confirm)) > 0;
            let oldest = scene.now.since(crowd.oldest_parked);
            let age = history::longest(&crowd.ages, 1).unwrap_or(threshold);
            Charge {
                affected,
                lived: threshold,
                since: scene.now.back(age.saturating_sub(threshold)),
                confirms: Confirms::by(shown, scene.spawners_are_unresolved(), policy),
                evidence: evidence(scene, crowd, affected, oldest, &destructor),
                ..Charge::of(&RULE.doc, scene, crowd)
            }
        })
    })
}

fn evidence(
    scene: &Scene<'_>,
    crowd: &Crowd,
    affected: u64,
    oldest: std::time::Duration,
    destructor: &str,
) -> Vec<String> {
    let mut evidence = vec![format!(
        "{} {} spawned by {destructor}; {} ended.",
        words::counted(affected, "task"),
        words::agree(affected, "was", "were"),
        words::agree(affected, "the task that dropped it has", "the tasks that dropped it have")
    )];
    evidence.push(where_they_wait(crowd, affected, oldest));
    evidence.extend(scene.usual_life().map(|life| {
        format!("The {} that returned took {life}.", words::counted(scene.site.returned, "task"))
    }));
    evidence
}

/// The destructor through which most tasks of the site were spawned: "`Conn::drop` at src/pool.rs:31".
fn destructor(scene: &Scene<'_>) -> Option<String> {
    let sampled: u64 = scene.site.spawn_stacks.iter().map(|count| count.tasks).sum();
    let found: Vec<(u64, String)> = scene
        .site
        .spawn_stacks
        .iter()
        .filter_map(|count| {
            let stack = scene.model.stack(count.stack)?;
            Some((count.tasks, named(stack)?))
        })
        .collect();
    let dropped: u64 = found.iter().map(|(tasks, _)| tasks).sum();
    let most = sampled > 0 && dropped as f64 >= scene.policy.one_place * sampled as f64;
    // The first of the most frequent, so that the same facts give the same name.
    let (_, name) = found.into_iter().rev().max_by_key(|(tasks, _)| *tasks)?;
    most.then_some(name)
}

/// The destructor that a spawn stack goes through, if it does.
fn named(stack: &ParkStack) -> Option<String> {
    let drop = stack.frames.iter().find(|frame| is_drop(&frame.function));
    let glue = stack.frames.iter().find(|frame| frame.function.contains("drop_in_place"));
    let (frame, name) = match (drop, glue) {
        (Some(frame), _) => (frame, format!("`{}`", short_function(&frame.function))),
        (None, Some(frame)) => (frame, glue_name(&frame.function)),
        (None, None) => return None,
    };
    Some(format!("{name}{}", place(frame)))
}

/// `<app::Conn as core::ops::drop::Drop>::drop`, and closures in it.
fn is_drop(function: &str) -> bool {
    function.contains("Drop>::drop")
}

/// "the drop of `Conn`" for `core::ptr::drop_in_place::<app::Conn>`.
fn glue_name(function: &str) -> String {
    let dropped = function
        .split_once("drop_in_place")
        .map(|(_, rest)| rest.trim_start_matches("::").trim_start_matches('<'))
        .map(|rest| rest.strip_suffix('>').unwrap_or(rest))
        .filter(|rest| !rest.is_empty());
    dropped.map_or_else(
        || "a drop".to_owned(),
        |of| format!("the drop of `{}`", words::printable(&short_function(of))),
    )
}

fn place(frame: &Frame) -> String {
    match (&frame.file, frame.line) {
        (Some(file), Some(line)) if frame.user => format!(" at {}:{line}", words::path(file)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::StackId;

    fn stack(functions: &[&str]) -> ParkStack {
        let frames = functions.iter().map(|function| Frame {
            function: (*function).to_owned(),
            file: Some("src/pool.rs".to_owned()),
            line: Some(31),
            user: function.contains("app::"),
        });
        let frames = frames.collect();
        ParkStack { id: StackId(1), wait: None, park: None, addresses: Vec::new(), frames }
    }

    #[test]
    fn the_destructor_is_named_by_its_type() {
        let written = stack(&[
            "app::pool::close",
            "<app::pool::Conn as core::ops::drop::Drop>::drop",
            "core::ptr::drop_in_place::<app::pool::Conn>",
        ]);
        assert_eq!(named(&written).unwrap(), "`Conn::drop` at src/pool.rs:31");
        let inlined = stack(&["core::ptr::drop_in_place<hub::Conn>", "app::serve"]);
        assert_eq!(named(&inlined).unwrap(), "the drop of `Conn`");
        assert_eq!(named(&stack(&["app::serve", "app::drop_table"])), None);
    }
}
