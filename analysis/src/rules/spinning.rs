//! L13: tasks that keep a thread busy without getting on.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc};
use crate::facts::{Cap, LongPoll, SpinningTask, TaskId, Wait, Worker};
use crate::park;
use crate::policy::Policy;
use crate::report::{Class, ParkPoint};
use crate::scene::{Scene, times};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L13",
        title: "spinning",
        class: Class::Likely,
        needs: &[Cap::Activity],
        meaning: "A task takes a thread and does not give it back: it wakes itself thousands of times a second, or one of its polls does not return.",
        condition: "More than 90 % of the task's wakes are its own, at 1,000 polls per second or more, for 30 s; or one poll runs for more than 5 s while other tasks are due. A poll that used up its budget of 128 operations counts 128 times. WATCH if polls take more than 50 us in the median (5 us an operation, where they use up their budget), if the task yields on purpose, or if nobody waits for the thread.",
        reason: "A healthy loop waits for something. One that is always ready usually reads a closed channel or a socket at its end, and takes the `None` for a reason to try again.",
        example: "Task #7 has been polled 41,000 times per second for 38s, and 99 % of its wakes were its own.",
        fix: "Treat `None` and `Err` as the end: `else => break` in a `select!` loop, `while let Some(..)`. `yield_now` is no fix. Long computations belong in `spawn_blocking`.",
        limits: "Computation in small pieces that advances looks the same until it ends, and so does a consumer that for half a minute has never found its queue empty, although it takes less than 5 us for a message. A poll inside `block_in_place` is long on purpose.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let spins = spinning(scene);
    let polls = long_polls(scene);
    let charges = spins.into_iter().chain(polls).collect();
    Opinion { charges, silenced_by: None }
}

fn spinning(scene: &Scene<'_>) -> Option<Charge> {
    let policy = scene.policy;
    let spins: Vec<&SpinningTask> = scene
        .model
        .activity()
        .spinning
        .iter()
        .filter(|task| {
            task.site == scene.site.id
                && task.self_woken > policy.spin_share
                && task.polls_per_s * turns(last_registered(scene, task.id).as_ref())
                    >= policy.spin_rate
                && scene.now.since(task.since) >= policy.spin_for
        })
        .collect();
    let busiest = spins.first()?;
    let span = scene.now.since(busiest.since);
    let mut evidence = vec![format!(
        "Task #{} has been polled {} times per second for {}, and {} of its wakes were its own.",
        busiest.id.0,
        words::count(busiest.polls_per_s as u64),
        words::duration(span),
        words::percent((busiest.self_woken * 10_000.0) as u64, 10_000)
    )];
    if spins.len() > 1 {
        evidence.push(format!(
            "So {} in all at this site.",
            words::counted(spins.len() as u64, "task")
        ));
    }
    let place = spins.iter().find_map(|task| last_registered(scene, task.id));
    evidence.extend(
        place
            .as_ref()
            .map(|point| format!("It last registered a waker in {}.", words::place(point))),
    );
    let work = work(scene.site.poll_times.quantile(0.5), place.as_ref(), policy);
    let shown = span > policy.spin_for.saturating_add(policy.confirm);
    Some(Charge {
        class: if work.is_some() { Class::Watch } else { Class::Likely },
        affected: spins.len() as u64,
        since: busiest.since,
        confirms: Confirms::by(shown, false, policy),
        examples: spins.iter().take(5).map(|task| task.id).collect(),
        evidence,
        counter_evidence: work.into_iter().collect(),
        clears: "They end, or wait for something.".to_owned(),
        ..Charge::of_site(&RULE.doc, scene)
    })
}

/// How often a task that last registered a waker there went around its loop in one poll: as often as Tokio lets it,
/// if it had to be stopped.
fn turns(place: Option<&ParkPoint>) -> f64 {
    if place.is_some_and(|point| point.wait == Wait::Budget) { 128.0 } else { 1.0 }
}

/// What speaks for work that advances.
fn work(median: Option<Duration>, place: Option<&ParkPoint>, policy: &Policy) -> Option<String> {
    let wait = place.map(|point| &point.wait);
    if wait == Some(&Wait::Yield) {
        return Some("It yields on purpose, as a computation in pieces does.".to_owned());
    }
    let enough = if wait == Some(&Wait::Budget) {
        times(policy.spin_step, turns(place))
    } else {
        policy.spin_poll
    };
    median.filter(|median| *median > enough).map(|median| {
        format!(
            "Polls at this site take {} (median), so they do some work.",
            words::duration(median)
        )
    })
}

fn last_registered(scene: &Scene<'_>, task: TaskId) -> Option<ParkPoint> {
    park::of_task(scene.model.task(task)?, |id| scene.model.stack(id).cloned())
}

fn long_polls(scene: &Scene<'_>) -> Option<Charge> {
    let policy = scene.policy;
    let mut long: Vec<(&Worker, LongPoll, Duration)> = scene
        .model
        .activity()
        .workers
        .iter()
        .filter_map(|worker| {
            let poll = worker.polling.filter(|poll| poll.site == scene.site.id)?;
            let span = scene.now.since(poll.since);
            (span > policy.poll_floor).then_some((worker, poll, span))
        })
        .collect();
    long.sort_by_key(|(_, poll, _)| (poll.since, poll.task));
    let (worker, poll, span) = *long.first()?;
    let due = scene.model.activity().unpolled_total;
    let name = match worker.name.as_str() {
        "" => String::new(),
        name => format!(" (`{}`)", words::printable(name)),
    };
    let mut evidence = vec![format!(
        "One poll of task #{} has been running for {} on thread {}{name}: no other task of that thread gets a turn.",
        poll.task.0,
        words::duration(span),
        worker.id.0
    )];
    if due > 0 {
        evidence.push(format!(
            "{} woken long ago and {} not been polled since.",
            words::agree(due, "1 task was", &format!("{} tasks were", words::count(due))),
            words::agree(due, "has", "have")
        ));
    }
    let mut counter_evidence = Vec::new();
    if due == 0 {
        counter_evidence.push("Nobody waits for that thread.".to_owned());
    }
    let shown = span > policy.poll_floor.saturating_add(policy.confirm);
    Some(Charge {
        class: if due > 0 { Class::Likely } else { Class::Watch },
        affected: long.len() as u64,
        since: poll.since,
        confirms: Confirms::by(shown, false, policy),
        examples: long.iter().take(5).map(|(_, poll, _)| poll.task).collect(),
        evidence,
        counter_evidence,
        clears: "The poll returns.".to_owned(),
        ..Charge::of_site(&RULE.doc, scene)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_that_used_up_its_budget_is_measured_by_the_operation() {
        let place =
            |wait| ParkPoint { wait, file: None, line: None, function: None, current: true };
        let works = |micros, wait| {
            let median = Duration::from_micros(micros);
            work(Some(median), Some(&place(wait)), &Policy::default()).is_some()
        };
        assert!(!works(400, Wait::Budget), "3 us an operation");
        assert!(works(400, Wait::Notify), "400 us an operation");
        assert!(works(1_000, Wait::Budget), "8 us an operation");
        assert!(works(1, Wait::Yield), "on purpose");
    }
}
