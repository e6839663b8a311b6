//! The steps of a check-up: each looks at one thing, and says what to do if it is not right.

use stranded_analysis::facts::{Gauges, Instrumentation, StackCapture, TargetInfo};
use stranded_analysis::words::{count, counted};
use stranded_analysis::{Model, Policy};
use stranded_proto::PROTOCOL;

use crate::link::event::Problem;
use crate::link::session::Greeted;

/// One step and how it went.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) outcome: Outcome,
    /// What was found.
    pub(super) what: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    Failed,
}

impl Step {
    pub(super) fn ok(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Ok, what: what.into(), hint: None }
    }

    pub(super) fn failed(
        name: &'static str,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { name, outcome: Outcome::Failed, what: what.into(), hint: Some(hint.into()) }
    }

    pub(super) fn problem(name: &'static str, problem: Problem) -> Self {
        Self::failed(name, problem.what, problem.hint)
    }
}

pub(super) fn handshake(target: &TargetInfo) -> Step {
    let host = target.host.as_ref().map_or_else(String::new, |host| format!(" on {host}"));
    let tokio = target.tokio_version.as_deref().unwrap_or("unknown");
    Step::ok(
        "handshake",
        format!("{}, pid {}{host}, tokio version {tokio}", target.name, target.pid),
    )
}

pub(super) fn version(greeted: &Greeted) -> Step {
    let agent = &greeted.description.target.agent_version;
    let own = env!("CARGO_PKG_VERSION");
    let levels =
        format!("agent {agent} speaks protocol {}, this {own} speaks {PROTOCOL}", greeted.protocol);
    let hint = "an update of this command would show what the newer agent adds";
    Step {
        hint: (greeted.protocol > PROTOCOL).then(|| hint.to_owned()),
        ..Step::ok("version", levels)
    }
}

pub(super) fn instrumented(target: &TargetInfo) -> Step {
    match &target.instrumentation {
        Instrumentation::Working => {
            Step::ok("instrumented", "the agent saw a task of its own from spawn to end")
        }
        Instrumentation::Pending => Step::failed(
            "instrumented",
            "the agent's test task has not run yet",
            "try again in a few seconds; if it stays so, the agent's thread gets no CPU",
        ),
        Instrumentation::Missing { because, fix } => {
            Step::failed("instrumented", because.clone(), fix.clone())
        }
    }
}

pub(super) fn park_stacks(target: &TargetInfo) -> Step {
    const FLAG: &str = "build the service with rustflags -C force-frame-pointers=yes";
    match target.stacks {
        StackCapture::FramePointers => {
            Step::ok("park stacks", "captured at every registration of a waker, by frame pointers")
        }
        StackCapture::Unwinder => Step {
            hint: Some(format!("for all of them, and at less cost, {FLAG}")),
            ..Step::ok("park stacks", "sampled by unwinding: there are no frame pointers")
        },
        StackCapture::Off => Step::failed(
            "park stacks",
            "not captured: where tasks wait stays unknown",
            format!(
                "{FLAG}, or start it with STRANDED_STACKS=on; STRANDED_STACKS=off switches them off"
            ),
        ),
        StackCapture::Unknown => Step::failed(
            "park stacks",
            "the agent does not know yet whether it can capture them",
            "try again in a few seconds",
        ),
    }
}

/// Whether the stacks lead to lines of code. Of a stripped service only addresses are known.
pub(super) fn park_lines(model: &Model) -> Step {
    let stacks: Vec<_> = model
        .sites()
        .flat_map(|site| &site.clusters)
        .flat_map(|cluster| &cluster.stacks)
        .filter_map(|id| model.stack(*id))
        .filter(|stack| !stack.frames.is_empty())
        .collect();
    let lines = stacks.iter().flat_map(|stack| &stack.frames).filter(|frame| frame.line.is_some());
    match (stacks.len() as u64, lines.count()) {
        (0, _) => Step::ok("park lines", "no task waits at a known place yet"),
        (_, 0) => Step::failed(
            "park lines",
            "park stacks have no lines",
            "build the service with debug = \"line-tables-only\" and do not strip it",
        ),
        (stacks, _) => {
            Step::ok("park lines", format!("{} resolved", counted(stacks, "park stack")))
        }
    }
}

pub(super) fn coverage(gauges: &Gauges, policy: &Policy) -> Step {
    let (Some(alive), Some(countable)) = (gauges.alive, gauges.countable) else {
        return Step::failed(
            "coverage",
            "how many tasks the runtime has is not known",
            "hand the runtime to the agent: stranded_server::Builder::runtime",
        );
    };
    let seen = format!("{} of {} are seen", count(countable), counted(alive, "live task"));
    let unseen = alive.saturating_sub(countable);
    if unseen > policy.coverage_slack && (countable as f64) < policy.coverage_floor * alive as f64 {
        return Step::failed(
            "coverage",
            seen,
            "call stranded_server::init() first thing in main: \
             tasks spawned before it are never seen",
        );
    }
    Step::ok("coverage", seen)
}

pub(super) fn loss(gauges: &Gauges, lost_updates: u64) -> Step {
    let losses = [
        (
            gauges.untracked,
            "live task",
            "not tracked",
            "STRANDED_MEMORY_MB in the service raises the cap",
        ),
        (
            gauges.stacks_lost,
            "park stack",
            "not kept",
            "the table of stacks is full; restart the service",
        ),
        (lost_updates, "update", "lost on the way", "attach again"),
        (
            gauges.unaccounted,
            "live task",
            "with an unreliable waker count",
            "avoid tracing::subscriber::set_default on threads that run tasks",
        ),
    ];
    match losses.into_iter().find(|loss| loss.0 > 0) {
        None => Step::ok("loss", "nothing was lost"),
        Some((n, noun, what, hint)) => {
            Step::failed("loss", format!("{} {what}", counted(n, noun)), hint)
        }
    }
}

/// What the agent could not do as configured.
pub(super) fn settings(target: &TargetInfo) -> Step {
    if target.faults.is_empty() {
        return Step::ok("settings", "the agent works as configured");
    }
    Step::failed(
        "settings",
        target.faults.join("; "),
        "correct it in the service's environment or Builder",
    )
}
