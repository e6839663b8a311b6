//! P8: tasks that have ended, and whose memory somebody's waker still pins.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc};
use crate::facts::{Cap, Zombies};
use crate::history;
use crate::park;
use crate::report::{Class, ParkPoint};
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "P8",
        title: "zombie memory",
        class: Class::Proven,
        needs: &[Cap::Wakers],
        meaning: "These tasks have ended, but their memory is not given back: somebody still keeps a waker of theirs, and a waker keeps the whole allocation of its task.",
        condition: "The task's span is closed, at least one waker of it was alive 60 s later, and such tasks of the site pin 1 MiB together. With less in total it is WATCH.",
        reason: "A task's allocation is freed with its last reference, and a waker is one. Nobody can use such a waker for anything any more.",
        example: "5,120 tasks have ended, the first of them 14m00s ago, and their 92 MiB stay pinned by 5,120 wakers. They last registered a waker in broadcast recv at src/feed.rs:40.",
        fix: "Drop cancelled futures instead of keeping them; let a hand-written list of wakers forget one when its future is dropped; `Box::pin` large futures, so that the pinned rest is small; do not `select!` in a loop on a long-lived foreign primitive.",
        limits: "The size is that of the futures: what they had on the heap is freed when the task ends. Past 64 K such tasks the agent keeps no more of them.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let old = |zombies: &&Zombies| zombies.ended_ago.certainly_above(scene.policy.zombie_floor) > 0;
    match scene.site.zombies.as_ref().filter(old) {
        Some(zombies) => Opinion::charge(charge(scene, zombies)),
        None => Opinion::default(),
    }
}

fn charge(scene: &Scene<'_>, zombies: &Zombies) -> Charge {
    let policy = scene.policy;
    let old = zombies.ended_ago.certainly_above(policy.zombie_floor);
    let longest = history::longest(&zombies.ended_ago, 1).unwrap_or(policy.zombie_floor);
    // Those that ended just now may be freed yet: only the share of the others counts.
    let share = u128::from(zombies.bytes) * u128::from(old) / u128::from(zombies.tasks.max(1));
    let bytes = u64::try_from(share).unwrap_or(u64::MAX);
    let place = place(scene, zombies);
    let mut evidence = vec![format!(
        "{} {} ended, {}{} ago, and {} {} pinned by {}.",
        words::counted(old, "task"),
        words::agree(old, "has", "have"),
        if old == 1 { "" } else { "the first of them " },
        words::duration(longest),
        format_args!("{} {}", words::agree(old, "its", "their"), words::bytes(bytes)),
        words::agree(old, "stays", "stay"),
        words::counted(zombies.wakers, "waker")
    )];
    evidence.extend(place.as_ref().map(|point| {
        format!(
            "{} last registered a waker in {}.",
            words::agree(old, "It", "They"),
            words::place(point)
        )
    }));
    Charge {
        class: if bytes < policy.zombie_bytes { Class::Watch } else { Class::Proven },
        place,
        affected: old,
        since: scene.now.back(longest.saturating_sub(policy.zombie_floor)),
        confirms: Confirms::Now,
        oldest: Duration::ZERO,
        evidence,
        clears: "The wakers are dropped.".to_owned(),
        ..Charge::of_site(&RULE.doc, scene)
    }
}

/// Where most of them registered a waker last.
fn place(scene: &Scene<'_>, zombies: &Zombies) -> Option<ParkPoint> {
    let most = zombies.stacks.iter().max_by_key(|at| (at.tasks, std::cmp::Reverse(at.stack)))?;
    park::point([scene.model.stack(most.stack)?], false)
}
