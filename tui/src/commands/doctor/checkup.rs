//! The steps of a check-up, in the order in which one needs the other.

use std::time::Duration;

use stranded_analysis::facts::{Gauges, Instrumentation, Moment, StackCapture, TargetInfo, View};
use stranded_analysis::words::{count, counted, duration};
use stranded_analysis::{Model, Policy};
use stranded_proto::PROTOCOL;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::link::event::Problem;
use crate::link::session::{Greeted, Reached, Session};
use crate::target::Target;

/// How long updates are waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time between them.
const INTERVAL: Duration = Duration::from_millis(500);
/// How many whole censuses show that events flow.
const CENSUSES: u32 = 3;

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
    fn ok(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Ok, what: what.into(), hint: None }
    }

    fn failed(name: &'static str, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Failed, what: what.into(), hint: Some(hint.into()) }
    }

    fn problem(name: &'static str, problem: Problem) -> Self {
        Self::failed(name, problem.what, problem.hint)
    }
}

/// Examines `target` and tells each step to `report`; stops where the next step would have nothing
/// to stand on.
pub(super) async fn examine(
    target: &Target,
    policy: &Policy,
    report: &mut impl FnMut(Step) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let reached = match Reached::open(target).await {
        Ok(reached) => reached,
        Err(problem) => return report(Step::problem("reach", problem)),
    };
    report(Step::ok("reach", format!("connected to {target}")))?;
    let greeted = match reached.greet().await {
        Ok(greeted) => greeted,
        Err(problem) => return report(Step::problem("handshake", problem)),
    };
    report(handshake(&greeted.description.target))?;
    report(version(&greeted))?;
    let (_view, views) = watch::channel(View { interval: INTERVAL, ..View::default() });
    let collected = match greeted.watch(views).await {
        Ok(mut session) => collect(&mut session).await,
        Err(problem) => return report(Step::problem("updates", problem)),
    };
    report(collected.updates())?;
    let model = &collected.model;
    if let Some(target) = model.target() {
        report(instrumented(target))?;
        report(park_stacks(target))?;
        report(park_lines(model))?;
    }
    if let Some(gauges) = model.gauges() {
        report(coverage(gauges, policy))?;
        report(loss(gauges, model.lost()))?;
    }
    if let Some(target) = model.target() {
        report(settings(target))?;
    }
    Ok(())
}

fn handshake(target: &TargetInfo) -> Step {
    let host = target.host.as_ref().map_or_else(String::new, |host| format!(" on {host}"));
    let tokio = target.tokio_version.as_deref().unwrap_or("unknown");
    Step::ok(
        "handshake",
        format!("{}, pid {}{host}, tokio version {tokio}", target.name, target.pid),
    )
}

fn version(greeted: &Greeted) -> Step {
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

/// What a stream of updates brought.
#[derive(Debug, Default)]
struct Collected {
    model: Model,
    censuses: u32,
    first: Option<Moment>,
    broken: Option<Problem>,
}

/// Reads updates until the agent's own tests are done and a few censuses came.
async fn collect(session: &mut Session) -> Collected {
    let mut collected = Collected::default();
    let deadline = Instant::now() + PATIENCE;
    while !collected.is_enough() {
        match timeout_at(deadline, session.next()).await {
            Ok(Ok(update)) => {
                let complete = update.complete;
                collected.model.apply(update);
                if complete {
                    collected.censuses += 1;
                    collected.first = collected.first.or(collected.model.census());
                }
            }
            Ok(Err(problem)) => {
                collected.broken = Some(problem);
                break;
            }
            Err(_) => break,
        }
    }
    collected
}

impl Collected {
    fn is_enough(&self) -> bool {
        self.censuses >= CENSUSES
            && self.model.target().is_some_and(|target| {
                target.instrumentation != Instrumentation::Pending
                    && target.stacks != StackCapture::Unknown
            })
    }

    /// Whether the target sends censuses, each later than the one before.
    fn updates(&self) -> Step {
        if let Some(problem) = &self.broken {
            return Step::problem("updates", problem.clone());
        }
        let (Some(first), Some(last)) = (self.first, self.model.census()) else {
            let waited = PATIENCE.as_secs();
            return Step::failed(
                "updates",
                format!("no whole census came within {waited}s"),
                "is the process stopped, or out of CPU?",
            );
        };
        if self.censuses < 2 || last <= first {
            return Step::failed(
                "updates",
                "one census came, and none after it",
                "is the process stopped, or out of CPU?",
            );
        }
        let span = duration(last.since(first));
        Step::ok("updates", format!("{} whole censuses in {span}", self.censuses))
    }
}

fn instrumented(target: &TargetInfo) -> Step {
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

fn park_stacks(target: &TargetInfo) -> Step {
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
fn park_lines(model: &Model) -> Step {
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

fn coverage(gauges: &Gauges, policy: &Policy) -> Step {
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

fn loss(gauges: &Gauges, lost_updates: u64) -> Step {
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
fn settings(target: &TargetInfo) -> Step {
    if target.faults.is_empty() {
        return Step::ok("settings", "the agent works as configured");
    }
    Step::failed(
        "settings",
        target.faults.join("; "),
        "correct it in the service's environment or Builder",
    )
}
