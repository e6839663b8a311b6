//! L2: a site whose tasks never end, and become more and more.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::{Cap, Moment};
use crate::health::{self, Defence, Trends};
use crate::history::Trend;
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L2",
        title: "growth",
        class: Class::Likely,
        needs: &[Cap::Norms, Cap::Endings],
        meaning: "No task of this site has ever returned, and there are more of them all the time.",
        condition: "Nothing ever returned (aborted tasks do not count as returned), at least 5 are alive, and the minima of live tasks, minute by minute over up to an hour, rise by the Mann-Kendall test (at least 6 points, p < 0.01). A site that spawns at least 0.2 tasks per second is also judged by minima of 5 s over the last minute. Not if more than 20 % of the tasks are spoken for by H5, H6 or H7.",
        reason: "Minima ignore bursts: they rise only if tasks stay. A pool grows to its size and stops.",
        example: "42 tasks are alive, none ever returned, and they grow by +6 per minute (trend over 7m00s, p = 0.0002). All 42 wait in mpsc recv at src/hub.rs:61; the oldest has been parked for 7m02s.",
        fix: "Give each task an end: keep it in a `JoinSet` or `TaskTracker` that is drained, hold an `AbortOnDropHandle`, or `select!` its loop with `token.cancelled()`.",
        limits: "A ramp-up looks the same until it stops, if its tasks wait neither for sockets nor for timers. Without park stacks nothing can speak for the tasks, so the finding is WATCH only.",
        // H1 and H2 are listed because a trend voids them, so that here they never speak.
        silenced_by: &["H1", "H2", "H5", "H6", "H7"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let site = scene.site;
    if !site.site.kind.has_wakers() || site.returned > 0 || site.live < scene.policy.growth_minimum
    {
        return Opinion::default();
    }
    let Some(trend) = trend_until(scene, scene.now) else {
        return Opinion::default();
    };
    let mut spoken_for = 0;
    let mut defence: Option<Defence> = None;
    let mut accused: Vec<&Crowd> = Vec::new();
    for crowd in scene.crowds {
        // Growth is the accusation, so it is no objection to H6: connections that grow are connections.
        match health::of_crowd(scene, crowd, "L2", Trends::Ignored) {
            Some(found) => {
                spoken_for += crowd.parked;
                defence.get_or_insert(found);
            }
            None => accused.push(crowd),
        }
    }
    let rest = site.live.saturating_sub(spoken_for);
    if (rest as f64) < scene.policy.one_place * site.live as f64 {
        return Opinion::silenced(defence);
    }
    Opinion::charge(charge(scene, &accused, rest, &trend))
}

/// The significant trend on what was known at `until`.
fn trend_until(scene: &Scene<'_>, until: Moment) -> Option<Trend> {
    let slow = scene.minutes_until(until);
    let recent = scene.recent_until(until);
    let fast = recent.spawn_rate() >= scene.policy.fast_rate;
    [Some(slow), fast.then_some(recent)]
        .into_iter()
        .flatten()
        .find_map(|run| run.rise(scene.policy, |bin| f64::from(bin.min_live)))
}

fn charge(scene: &Scene<'_>, accused: &[&Crowd], affected: u64, trend: &Trend) -> Charge {
    let site = scene.site;
    let largest = accused.first().copied();
    let at_one_place =
        largest.filter(|crowd| crowd.parked as f64 >= scene.policy.one_place * affected as f64);
    let oldest =
        accused.iter().map(|crowd| scene.now.since(crowd.oldest_parked)).max().unwrap_or_default();
    let mut evidence = vec![format!(
        "{} alive, none ever returned, and they grow by {} per minute (trend over {}, p {}).",
        tasks_are(site.live),
        words::growth(trend.per_minute),
        words::duration(trend.span),
        probability(trend.chance)
    )];
    if let Some(crowd) = largest {
        evidence.push(match at_one_place {
            Some(_) if crowd.parked == site.live => where_they_wait(crowd, crowd.parked, oldest),
            _ => most_wait(crowd, site.live),
        });
    }
    let mut counter_evidence = Vec::new();
    if site.cancelled > 0 {
        counter_evidence.push(format!(
            "{} of this site ended by an abort.",
            words::counted(site.cancelled, "task")
        ));
    }
    // Where every registration is captured, a crowd without a place really has neither timer nor socket.
    let blind = largest.is_none_or(|crowd| crowd.point.is_none()) && !scene.stacks_are_complete();
    if blind {
        counter_evidence.push("Where they wait is unknown, so a timer or a socket that would explain them cannot be seen.".to_owned());
    }
    let unresolved = accused.iter().any(|crowd| crowd.unresolved);
    let shown = trend_until(scene, scene.now.back(scene.policy.confirm)).is_some();
    Charge {
        rule: &RULE.doc,
        class: if blind { Class::Watch } else { Class::Likely },
        place: at_one_place.and_then(|crowd| crowd.point.clone()),
        affected,
        lived: Duration::ZERO,
        since: trend.start.max(site.first_spawn),
        confirms: Confirms::by(shown, unresolved, scene.policy),
        oldest,
        examples: largest.map(|crowd| crowd.examples.clone()).unwrap_or_default(),
        examples_stranded: false,
        evidence,
        counter_evidence,
        fix: RULE.doc.fix.to_owned(),
        clears: "A task of this site returns, or their number stops growing.".to_owned(),
        graph: None,
    }
}

fn tasks_are(n: u64) -> String {
    format!("{} {}", words::counted(n, "task"), words::agree(n, "is", "are"))
}

fn most_wait(crowd: &Crowd, live: u64) -> String {
    let place = match &crowd.point {
        Some(point) => format!("in {}", words::place(point)),
        None => "at an unknown place".to_owned(),
    };
    format!("{} of {} wait {place}.", words::count(crowd.parked), words::count(live))
}

fn probability(p: f64) -> String {
    if p < 0.0001 { "< 0.0001".to_owned() } else { format!("= {p:.4}") }
}
