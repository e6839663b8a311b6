//! A check-up: one step after the other, as each needs the one before.

use std::time::Duration;

use stranded_analysis::facts::{Instrumentation, Moment, StackCapture, View};
use stranded_analysis::words::duration;
use stranded_analysis::{Model, Policy};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::steps::{self, Step};
use crate::link::event::Problem;
use crate::link::session::{Reached, Session};
use crate::target::Target;

/// How long updates are waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time between them.
const INTERVAL: Duration = Duration::from_millis(500);
/// How many whole censuses show that events flow.
const CENSUSES: u32 = 3;

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
    report(steps::handshake(&greeted.description.target))?;
    report(steps::version(&greeted))?;
    let (_view, views) = watch::channel(View { interval: INTERVAL, ..View::default() });
    let collected = match greeted.watch(views).await {
        Ok(mut session) => collect(&mut session).await,
        Err(problem) => return report(Step::problem("updates", problem)),
    };
    report(collected.updates())?;
    let model = &collected.model;
    if let Some(target) = model.target() {
        report(steps::instrumented(target))?;
        report(steps::park_stacks(target))?;
        report(steps::park_lines(model))?;
    }
    if let Some(gauges) = model.gauges() {
        report(steps::coverage(gauges, policy))?;
        report(steps::loss(gauges, model.lost()))?;
    }
    if let Some(target) = model.target() {
        report(steps::settings(target))?;
    }
    Ok(())
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
