//! Looking again and again until all tasks have ended or the grace is over, in real time.

use std::time::Duration;

use stranded_analysis::facts::{Instrumentation, Moment, SiteFacts, TaskKind};

use super::allowance::Budget;
use super::{Failure, Guard, failure};
use crate::registry::Look;

/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// How long the agent may take to find out whether it sees tasks: milliseconds, on a machine that is not busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// The least time that a task without wakers must stay unchanged to be proven lost.
const LEAST_SETTLE: Duration = Duration::from_millis(200);

/// One wait of a guard.
pub(super) struct Wait<'a> {
    guard: &'a Guard,
    deadline: Moment,
    /// When the agent's own test task must have told whether tasks are seen.
    patience: Moment,
    pause: Duration,
    /// The fewest tasks that the runtime had more than were seen.
    fewest_unseen: u64,
}

impl<'a> Wait<'a> {
    pub(super) fn new(guard: &'a Guard) -> Self {
        let now = guard.observer.registry().clock().now();
        Self {
            guard,
            deadline: now.forward(guard.grace),
            patience: now.forward(guard.grace.max(PATIENCE)),
            pause: Duration::from_millis(1),
            fewest_unseen: u64::MAX,
        }
    }

    /// How long to pause before the next look.
    pub(super) fn pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        pause
    }

    /// Looks once more. `None`: it is too early to tell.
    pub(super) fn look(&mut self) -> Option<Result<(), Failure>> {
        let guard = self.guard;
        if let Some(missing) = guard.missing() {
            return Some(Err(Failure::blind(&missing)));
        }
        let settle = (guard.grace / 2).max(LEAST_SETTLE);
        let mut look = guard.observer.look_at(&guard.guarded, settle);
        let unseen = guard.runtime.as_ref().map_or(0, |(before, runtime)| {
            let alive = runtime.metrics().num_alive_tasks() as u64;
            alive.saturating_sub(before + look.countable)
        });
        self.fewest_unseen = self.fewest_unseen.min(unseen);
        let now = look.at;
        self.keep_leaks(&mut look);
        let known = guard.observer.instrumentation();
        if known == Instrumentation::Pending {
            return (now >= self.patience).then(|| Err(Failure::blind(&known)));
        }
        match (look.sites.is_empty(), self.fewest_unseen) {
            (true, 0) => Some(Ok(())),
            _ if now < self.deadline => None,
            (true, unseen) => Some(Err(Failure::uncovered(unseen))),
            (false, _) => Some(Err(failure::of(guard, look))),
        }
    }

    /// Leaves only what counts as leaked.
    fn keep_leaks(&self, look: &mut Look) {
        let mut budget = Budget::of(&self.guard.allowances);
        look.sites.retain(|site| counts(site) && !budget.covers(&site.site, site.live));
        for site in &mut look.sites {
            // Whatever a test leaves behind is cancelled with its runtime, which says nothing about the site.
            site.cancelled = 0;
        }
        look.examples.retain(|task| look.sites.iter().any(|site| site.id == task.site));
    }
}

/// Whether tasks of the site can be leaked. The test itself runs under `block_on`, and Tokio's workers are blocking
/// tasks of their own runtime.
fn counts(site: &SiteFacts) -> bool {
    match site.site.kind {
        TaskKind::BlockOn => false,
        TaskKind::Blocking => !is_of_tokio_runtime(&site.site.file),
        TaskKind::Task | TaskKind::Local | TaskKind::Unknown => true,
    }
}

fn is_of_tokio_runtime(file: &str) -> bool {
    file.split_once("tokio").is_some_and(|(_, rest)| rest.contains("/src/runtime/"))
}

/// Waits for `span` of real time, without a timer of the runtime: it may be paused, or have none.
pub(super) async fn asleep(span: Duration) {
    let (over, wait) = tokio::sync::oneshot::channel();
    let sleeper = std::thread::Builder::new().name("stranded-guard".to_owned()).spawn(move || {
        std::thread::sleep(span);
        let _ = over.send(());
    });
    match sleeper {
        Ok(_) => _ = wait.await,
        Err(_) => tokio::task::yield_now().await,
    }
}
