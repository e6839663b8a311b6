//! L12: tasks that a timer wakes again and again, for nobody.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, outlived, where_they_wait};
use crate::facts::{Cap, WaitClass};
use crate::history;
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::{Scene, times};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L12",
        title: "leaked ticker",
        class: Class::Likely,
        needs: &[Cap::ParkStacks, Cap::Norms],
        meaning: "These tasks look busy: a timer of their own wakes them again and again. But what they tick for is over, or there are more of them all the time.",
        condition: "The tasks wait for a timer and for nothing else, each was polled at least 10 times, a timer woke them last, and within 10 of their mean periods. And the request in which they were spawned ended as long ago as L3 asks, or the site grows beyond what its load explains.",
        reason: "A parked time says nothing here, since every tick ends it. What leaks is the loop: it has no branch that ends it when its socket, request or owner is gone.",
        example: "212 tasks tick every 1s, the oldest for 3h02m; they grow by +1.2 per minute. All 212 wait in interval tick at src/ws.rs:34 (`ping`); the oldest has been parked for 800ms.",
        fix: "`select!` the tick with `token.cancelled()` or `tx.closed()`, or keep an `AbortOnDropHandle` where the socket lives.",
        limits: "Schedulers of which each new tenant gets one grow as well, until tenants stop coming.",
        silenced_by: &["H1"],
    },
    condition,
};

/// Why a ticking crowd is accused.
enum Because {
    /// So many outlive their request, the first of which ended so long ago.
    Outlived(u64, Duration, String),
    /// The site grows by so many per minute, since then.
    Grows(crate::history::Trend),
}

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    Opinion::of_crowds(scene, "L12", |crowd| {
        let period = period(scene, crowd)?;
        let because = outlived(scene, crowd).or_else(|| scene.excess().map(Because::Grows))?;
        Some(charge(scene, crowd, period, &because))
    })
}

/// The mean time between polls, if the tasks tick.
fn period(scene: &Scene<'_>, crowd: &Crowd) -> Option<Duration> {
    let polls = crowd.polls.0;
    let ticks = crowd.class() == Some(WaitClass::Timer)
        && crowd.timed == crowd.parked
        && crowd.io == 0
        && crowd.woken_by_driver == crowd.parked
        && polls >= scene.policy.ticks_minimum;
    let lived = crowd.oldest_parked.since(crowd.oldest_spawned);
    let period = lived.div_f64(crowd.polls.1.max(1) as f64);
    let parked = scene.now.since(crowd.oldest_parked);
    (ticks && parked <= times(period, scene.policy.tick_periods)).then_some(period)
}

fn outlived(scene: &Scene<'_>, crowd: &Crowd) -> Option<Because> {
    let outlived = crowd.outlived.as_ref()?;
    let affected = outlived.ended_ago.certainly_above(outlived::threshold(scene));
    let ended = history::longest(&outlived.ended_ago, 1)?;
    let scope = words::printable(&outlived.scope).into_owned();
    (affected > 0).then_some(Because::Outlived(affected, ended, scope))
}

fn charge(scene: &Scene<'_>, crowd: &Crowd, period: Duration, because: &Because) -> Charge {
    let age = scene.now.since(crowd.oldest_spawned);
    let (affected, since, shown, why) = match because {
        Because::Outlived(affected, ended, scope) => {
            let threshold = outlived::threshold(scene);
            (
                *affected,
                scene.now.back(ended.saturating_sub(threshold)),
                *ended > threshold.saturating_add(scene.policy.confirm),
                format!(
                    "the request `{scope}` in which {} spawned ended {} ago",
                    words::agree(*affected, "it was", "they were"),
                    words::duration(*ended)
                ),
            )
        }
        Because::Grows(trend) => (
            crowd.parked,
            trend.start.max(scene.site.first_spawn),
            trend.points > scene.policy.trend_points,
            format!(
                "they grow by {} per minute (trend over {})",
                words::growth(trend.per_minute),
                words::duration(trend.span)
            ),
        ),
    };
    let ticking = match affected {
        1 => format!("A task has ticked for {}", words::duration(age)),
        n => format!("{} tasks tick, the oldest for {}", words::count(n), words::duration(age)),
    };
    let mut evidence =
        vec![format!("{ticking}, every {} on average; {why}.", words::duration(period))];
    evidence.push(where_they_wait(crowd, affected, scene.now.since(crowd.oldest_parked)));
    let counter_evidence = match because {
        Because::Outlived(..) => Vec::new(),
        Because::Grows(_) => vec![
            "Schedulers that are started one by one grow as well, until no more are needed."
                .to_owned(),
        ],
    };
    Charge {
        affected,
        since,
        confirms: Confirms::by(shown, crowd.unresolved, scene.policy),
        evidence,
        counter_evidence,
        clears: "They end, or their number stops growing.".to_owned(),
        ..Charge::of(&RULE.doc, scene, crowd)
    }
}
