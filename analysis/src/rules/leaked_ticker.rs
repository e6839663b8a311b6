//! L12: tasks that a timer wakes again and again, for nobody.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, outlived, where_they_wait};
use crate::facts::{Cap, WaitClass};
use crate::history;
use crate::park::{self, Crowd};
use crate::report::{Class, ParkPoint};
use crate::scene::{Scene, times};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L12",
        title: "leaked ticker",
        class: Class::Likely,
        needs: &[Cap::ParkStacks, Cap::Norms],
        meaning: "These tasks look busy: a timer of their own wakes them again and again. But what they tick for is over, or there are more of them all the time.",
        condition: "The tasks wait for a timer, and beside it at most for a token to be cancelled or a channel to be closed; a timer woke at least 80 % of them last and nothing has woken the others yet, none was parked for more than 10 mean periods of the one that was polled most, and that is at least 10 times. And the request in which they were spawned ended as long ago as L3 asks, and 10 such periods; or at least 80 % of the site's live tasks tick so, at least 5 of them for 10 such periods, and the site grows beyond what its load explains by at least 5 tasks.",
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
        let because = outlived(scene, crowd, period).or_else(|| grows(scene, crowd, period))?;
        Some(charge(scene, crowd, period, &because))
    })
}

/// The mean time between polls of the task that was polled most, if the tasks tick. The youngest of a crowd
/// that grows have hardly ticked yet.
fn period(scene: &Scene<'_>, crowd: &Crowd) -> Option<Duration> {
    let policy = scene.policy;
    let waits =
        |point: &ParkPoint| point.wait.class() == WaitClass::Timer || park::ends_it(&point.wait);
    let ticks = crowd.point.as_ref().is_some_and(waits)
        && crowd.timed == crowd.parked
        && crowd.io == 0
        && crowd.woken_by_driver + crowd.never_woken >= crowd.parked
        && crowd.woken_by_driver as f64 >= policy.one_place * crowd.parked as f64
        && crowd.polls.1 >= policy.ticks_minimum;
    let lived = crowd.oldest_parked.since(crowd.oldest_spawned);
    let period = lived.div_f64(crowd.polls.1.max(1) as f64);
    let parked = scene.now.since(crowd.oldest_parked);
    (ticks && parked <= times(period, policy.tick_periods)).then_some(period)
}

/// How long a task must have been ticking in vain.
fn ticked_enough(scene: &Scene<'_>, period: Duration) -> Duration {
    times(period, scene.policy.ticks_minimum as f64)
}

fn threshold(scene: &Scene<'_>, period: Duration) -> Duration {
    outlived::threshold(scene).max(ticked_enough(scene, period))
}

fn outlived(scene: &Scene<'_>, crowd: &Crowd, period: Duration) -> Option<Because> {
    let outlived = crowd.outlived.as_ref()?;
    let affected = outlived.ended_ago.certainly_above(threshold(scene, period));
    let ended = history::longest(&outlived.ended_ago, 1)?;
    let scope = words::printable(&outlived.scope).into_owned();
    (affected > 0).then_some(Because::Outlived(affected, ended, scope))
}

/// It must be the tickers that pile up: a pause between two requests of a connection looks like a tick too.
fn grows(scene: &Scene<'_>, crowd: &Crowd, period: Duration) -> Option<Because> {
    let most = crowd.parked as f64 >= scene.policy.one_place * scene.site.live as f64;
    let long = crowd.ages.certainly_above(ticked_enough(scene, period));
    let enough = most && long >= scene.policy.growth_minimum;
    scene.excess().filter(|_| enough).map(Because::Grows)
}

fn charge(scene: &Scene<'_>, crowd: &Crowd, period: Duration, because: &Because) -> Charge {
    let age = scene.now.since(crowd.oldest_spawned);
    let (affected, since, shown, why) = match because {
        Because::Outlived(affected, ended, scope) => {
            let threshold = threshold(scene, period);
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
