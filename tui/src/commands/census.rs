//! One whole look at a target, for the commands that print and leave.

use std::time::Duration;

use stranded_analysis::facts::{StackId, View};
use stranded_analysis::words::printable;
use stranded_analysis::{Model, Policy};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::app::Picture;
use crate::cli::Shared;
use crate::link::event::Problem;
use crate::link::session::{Reached, Session};
use crate::target::Target;

/// How long the first whole census may take.
const CENSUS: Duration = Duration::from_secs(15);
/// How much longer the names of functions may take: a target resolves them when somebody first
/// looks.
const SYMBOLS: Duration = Duration::from_secs(4);
/// The time between updates while waiting for the names.
const INTERVAL: Duration = Duration::from_millis(250);

/// What `target` shows through `view`: a whole census, with names as far as they come in time.
pub(crate) async fn take(target: &Target, view: View, shared: &Shared) -> Result<Picture, Problem> {
    let policy = shared.policy();
    let (_view, views) = watch::channel(View { interval: INTERVAL, ..view });
    let mut session = Reached::open(target).await?.greet().await?.watch(views).await?;
    let mut picture = Picture::default();
    let deadline = Instant::now() + CENSUS;
    while picture.model.census().is_none() {
        match timeout_at(deadline, session.next()).await {
            Ok(update) => drop(picture.apply(update?, &[], &policy)),
            Err(_) => return Err(no_census(target)),
        }
    }
    name_stacks(&mut session, &mut picture, &policy).await;
    if let Some(report) = &mut picture.report {
        report.reasons.extend(shared.notices());
    }
    Ok(picture)
}

/// Waits for names. They are worth a moment, not a failure: without them the places read "unknown".
async fn name_stacks(session: &mut Session, picture: &mut Picture, policy: &Policy) {
    let deadline = Instant::now() + SYMBOLS;
    while stacks(&picture.model).any(|id| is_pending(&picture.model, id)) {
        match timeout_at(deadline, session.next()).await {
            Ok(Ok(update)) => drop(picture.apply(update, &[], policy)),
            _ => return,
        }
    }
}

/// What limits a verdict on `picture`, a line each: no output hides what is missing.
pub(crate) fn reasons(picture: &Picture) -> String {
    let reasons = picture.report.iter().flat_map(|report| &report.reasons);
    reasons.map(|reason| format!("- {}\n", printable(reason))).collect::<Vec<_>>().concat()
}

/// Every park stack that a site or a row refers to.
fn stacks(model: &Model) -> impl Iterator<Item = StackId> {
    let of_sites =
        model.sites().flat_map(|site| &site.clusters).flat_map(|cluster| &cluster.stacks);
    let of_tasks = model.tasks().flat_map(|task| &task.registrations).map(|at| &at.stack);
    of_sites.chain(of_tasks).copied()
}

fn is_pending(model: &Model, id: StackId) -> bool {
    model.stack(id).is_none_or(|stack| stack.wait.is_none() && stack.frames.is_empty())
}

fn no_census(target: &Target) -> Problem {
    Problem {
        what: format!("{target} answers, but sent no whole census within {}s", CENSUS.as_secs()),
        hint: "is the process short of CPU? Next: stranded doctor".to_owned(),
    }
}
