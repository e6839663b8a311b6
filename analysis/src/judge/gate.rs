//! Whether the data allows a verdict at all: without instrumentation, coverage or a whole census the
//! answer is "inconclusive", never "clean".

use std::fmt::Write;

use crate::facts::{Gauges, Instrumentation, Moment};
use crate::model::Model;
use crate::policy::Policy;
use crate::words;

/// What stands between the data and a verdict.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    /// Why nothing can be judged; empty if it can.
    pub closed: Vec<String>,
    /// What limits a clean verdict to less than everything.
    pub limits: Vec<String>,
    /// Why nothing that was lost can be called clean; what is found still counts.
    pub incomplete: Vec<String>,
    /// Since when no task has been polled while some are due, if so: then every task looks parked.
    pub frozen: Option<String>,
}

/// Looks at target, census and coverage.
pub(crate) fn check(model: &Model, now: Moment, policy: &Policy) -> Gate {
    let mut gate = Gate::default();
    let Some(target) = model.target() else {
        gate.closed.push("Nothing has been heard from the target yet.".to_owned());
        return gate;
    };
    match &target.instrumentation {
        Instrumentation::Working => {}
        Instrumentation::Pending => {
            gate.closed.push("The agent's own test task has not run yet, so it is not known whether tasks are seen.".to_owned());
        }
        Instrumentation::Missing { because, fix } => {
            gate.closed.push(format!(
                "Not instrumented: {}. To fix: {}.",
                sentence(because),
                sentence(fix)
            ));
        }
    }
    if model.census().is_none() {
        gate.closed.push("The first census of the target is not complete yet.".to_owned());
    }
    let Some(gauges) = model.gauges() else {
        gate.closed.push("The target has not told how many tasks it has.".to_owned());
        return gate;
    };
    coverage(gauges, policy, &mut gate);
    if model.lost() > 0 {
        gate.incomplete.push(format!(
            "{} from the target {} lost: some numbers may be out of date.",
            words::counted(model.lost(), "update"),
            words::agree(model.lost(), "was", "were")
        ));
    }
    gate.frozen = frozen(model, gauges, now, policy);
    gate
}

/// Text of the target as the middle of a sentence: printable, without its final full stop.
fn sentence(text: &str) -> String {
    words::printable(text).trim().trim_end_matches('.').to_owned()
}

/// The two counts are read one after the other while tasks come and go, so a few tasks of difference
/// say nothing.
fn coverage(gauges: &Gauges, policy: &Policy, gate: &mut Gate) {
    if gauges.untracked > 0 {
        gate.limits.push(format!(
            "{} not tracked: the agent's memory cap is reached (STRANDED_MEMORY_MB raises it).",
            tasks_are(gauges.untracked)
        ));
    }
    let (Some(alive), Some(countable)) = (gauges.alive, gauges.countable) else {
        gate.limits.push(
            "How many tasks the runtime has is not known: coverage is not checked.".to_owned(),
        );
        return;
    };
    let unseen = alive.saturating_sub(countable);
    if unseen == 0 {
        return;
    }
    let seen = format!(
        "{} of {} are visible",
        words::count(countable),
        words::counted(alive, "live task")
    );
    if unseen > policy.coverage_slack && (countable as f64) < policy.coverage_floor * alive as f64 {
        gate.closed.push(format!(
            "Coverage is too low: only {seen}. The others were spawned before the agent was installed, or are past its memory cap."
        ));
    } else if unseen > policy.coverage_slack {
        gate.limits.push(format!("Only {seen}; the others are not judged."));
    }
}

fn tasks_are(n: u64) -> String {
    format!("{} {}", words::counted(n, "live task"), words::agree(n, "is", "are"))
}

/// One blocking poll can leave nobody to drive timers and sockets, so that every task looks parked.
fn frozen(model: &Model, gauges: &Gauges, now: Moment, policy: &Policy) -> Option<String> {
    let idle = now.since(gauges.last_poll?);
    let due: u64 = model.sites().filter(|site| !site.own).map(|site| site.scheduled).sum();
    if idle < policy.frozen || due == 0 {
        return None;
    }
    let mut text = format!(
        "The runtime stands still: no task was polled for {}, while {} due. Findings about parked tasks are withheld.",
        words::duration(idle),
        tasks_are(due).replace("live ", "")
    );
    if let Some((task, since)) = gauges.longest_poll {
        let running = words::duration(now.since(since));
        let _ = write!(text, " One poll of task #{} has been running for {running}.", task.0);
    }
    Some(text)
}
