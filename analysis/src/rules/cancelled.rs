//! L4: tasks that were told to stop and are still there.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, names, where_they_wait};
use crate::facts::{CancelSeen, Cancelled, Cap, Wait};
use crate::history;
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L4",
        title: "cancelled, not gone",
        class: Class::Likely,
        needs: &[Cap::Cancellations],
        meaning: "These tasks were told to stop by a cancellation token, and go on waiting.",
        condition: "More than 5 s ago the task was woken by the cancellation of a token; or it had waited on a token, and a task of the same spawner or request was woken so. It is still alive, and no timer that was armed before the cancellation ends its wait within 5 s.",
        reason: "Whoever cancels wants the task to end. A task that was told so and waits for something else has an await that the token does not reach.",
        example: "2 tasks were told to stop up to 12s ago (token created at src/server.rs:40) and are still alive. Both wait in sleep at src/retry.rs:21; this await does not heed the token.",
        fix: "`select!` on `token.cancelled()` around that very await, or wrap the whole task in `token.run_until_cancelled(..)`.",
        limits: "A graceful drain that takes longer than the grace looks the same until it is done. Which await the token reaches is known only from the cancellation itself: a task that never waited on a token is not seen.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    Opinion::of_crowds(scene, "L4", |crowd| {
        let cancelled = crowd.cancelled.as_ref()?;
        if cancelled.seen == CancelSeen::Unknown {
            return None;
        }
        let late = cancelled.ago.certainly_above(scene.policy.cancel_grace);
        let affected = late.saturating_sub(about_to_end(scene, crowd, cancelled));
        (affected > 0).then(|| charge(scene, crowd, cancelled, affected))
    })
}

/// How many may be waiting for a timer that will soon let them see the cancellation. A timer that was armed
/// only after it excuses nobody: a loop of short sleeps would never be late.
fn about_to_end(scene: &Scene<'_>, crowd: &Crowd, cancelled: &Cancelled) -> u64 {
    let grace = scene.policy.cancel_grace;
    let Some(timers) = crowd.timers else { return 0 };
    let ago = history::longest(&cancelled.ago, 1).unwrap_or(Duration::ZERO);
    let armed_before = scene.now.since(crowd.oldest_parked) >= ago;
    let soon = scene.now.forward(grace);
    match () {
        () if !armed_before && ago >= grace * 2 => 0,
        () if timers.latest <= soon => timers.tasks,
        () => u64::from(timers.soonest <= soon),
    }
}

fn charge(scene: &Scene<'_>, crowd: &Crowd, cancelled: &Cancelled, affected: u64) -> Charge {
    let grace = scene.policy.cancel_grace;
    let ago = history::longest(&cancelled.ago, 1).unwrap_or(grace);
    let shown = cancelled.ago.certainly_above(grace.saturating_add(scene.policy.confirm)) > 0;
    let oldest = scene.now.since(crowd.oldest_parked);
    let mut evidence = vec![told_to_stop(cancelled, affected, ago)];
    evidence.push(where_they_wait(crowd, affected, oldest));
    evidence.extend(await_that_misses_it(crowd));
    evidence.push(how_it_is_known(cancelled, affected));
    evidence.extend(cancelled.by.map(|by| {
        let who = names::task(scene.model, by);
        format!("It was {who} that cancelled, {}.", names::whereabouts(scene.model, by, scene.now))
    }));
    Charge {
        affected,
        since: scene.now.back(ago.saturating_sub(grace)),
        confirms: Confirms::by(shown, false, scene.policy),
        evidence,
        counter_evidence: vec!["A graceful drain looks the same until it is done.".to_owned()],
        ..Charge::of(&RULE.doc, scene, crowd)
    }
}

fn told_to_stop(cancelled: &Cancelled, affected: u64, ago: Duration) -> String {
    let token = cancelled
        .token
        .as_ref()
        .map_or_else(String::new, |place| format!(" (token created at {})", names::place(place)));
    format!(
        "{} {} told to stop {}{} ago{token} and {} still alive.",
        words::counted(affected, "task"),
        words::agree(affected, "was", "were"),
        if affected == 1 { "" } else { "up to " },
        words::duration(ago),
        words::agree(affected, "is", "are")
    )
}

fn await_that_misses_it(crowd: &Crowd) -> Option<String> {
    let point = crowd.point.as_ref().filter(|point| point.current)?;
    Some(if point.wait == Wait::Cancelled {
        "That is a token again, which was not cancelled: another one, or a child made too late."
            .to_owned()
    } else {
        "This await does not heed the token.".to_owned()
    })
}

fn how_it_is_known(cancelled: &Cancelled, affected: u64) -> String {
    let it = words::agree(affected, "It was", "They were");
    match cancelled.seen {
        CancelSeen::Woken | CancelSeen::Unknown => {
            format!("{it} woken by the cancellation, and went on to wait.")
        }
        CancelSeen::Sibling => format!(
            "{} on a token before, and tasks of the same spawner or request were woken by its cancellation.",
            words::agree(affected, "It waited", "They waited")
        ),
    }
}
