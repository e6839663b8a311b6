//! Watching a target for a while, and noting all that could make the result wrong.

use std::time::Duration;

use stranded_analysis::facts::{Moment, Update, View};
use stranded_analysis::words;
use stranded_analysis::{Model, Policy};
use tokio::time::{Instant, interval, sleep_until};

use crate::link;
use crate::link::event::{LinkEvent, Problem};
use crate::output::Progress;
use crate::target::Target;

/// What was seen of a target.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The facts, reviewed after each census.
    pub(super) model: Model,
    /// Why nothing that was not found can be called clean, in sentences.
    pub(super) doubts: Vec<String>,
    first_census: Option<Moment>,
    /// Whether the connection stands.
    connected: bool,
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    Stop,
}

/// A look at what was seen so far, every now and then.
pub(super) struct Each<'a> {
    pub(super) every: Duration,
    pub(super) look: &'a dyn Fn(&Watched) -> anyhow::Result<()>,
}

/// Watches `target` for `duration` from the moment it answers. It fails if nothing is ever seen of
/// it; what goes wrong later is a doubt.
pub(super) async fn watch(
    target: &Target,
    duration: Duration,
    policy: &Policy,
    each: Option<Each<'_>>,
) -> anyhow::Result<Watched> {
    let mut link = link::start(target.clone(), View::default());
    let mut watched = Watched::default();
    let mut deadline = None;
    let mut progress = Progress::start();
    let mut tick = interval(Duration::from_secs(1));
    let mut looks = interval(each.as_ref().map_or(duration, |each| each.every));
    loop {
        tokio::select! {
            event = link.events.recv() => match event {
                Some(LinkEvent::Connected(_)) => {
                    watched.connected = true;
                    deadline.get_or_insert_with(|| Instant::now() + duration);
                }
                Some(LinkEvent::Update(update)) => {
                    if watched.take(*update, policy) == Then::Stop {
                        return Ok(watched);
                    }
                }
                Some(LinkEvent::Lost { problem, .. }) if watched.model.boot().is_none() => {
                    return Err(problem.into());
                }
                Some(LinkEvent::Lost { problem, .. }) => watched.lose(&problem),
                Some(LinkEvent::Connecting { .. }) => {}
                None => break,
            },
            () = reached(deadline) => break,
            _ = looks.tick(), if each.is_some() && watched.model.census().is_some() => {
                if let Some(each) = &each {
                    (each.look)(&watched)?;
                }
            }
            _ = tick.tick() => progress.say(&watched.progress(target, deadline)),
        }
    }
    watched.check_length(policy);
    Ok(watched)
}

/// Waits for the deadline; for ever while there is none.
async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Watched {
    fn take(&mut self, update: Update, policy: &Policy) -> Then {
        if let Some(boot) = self.model.boot().filter(|&boot| boot != update.boot) {
            // The report is about one process. What was found in the old one still counts.
            self.doubts.push(format!(
                "The target was restarted while it was watched: boot {boot} is now boot {}.",
                update.boot
            ));
            return Then::Stop;
        }
        let complete = update.complete;
        self.model.apply(update);
        if complete {
            self.first_census = self.first_census.or(self.model.census());
            self.model.review(self.model.at(), policy);
        }
        Then::GoOn
    }

    /// Notes that the connection broke; that further attempts fail is no news.
    fn lose(&mut self, problem: &Problem) {
        if std::mem::take(&mut self.connected) {
            self.doubts.push(format!("The connection was lost on the way: {}.", problem.what));
        }
    }

    /// A finding counts only after it has held for a while: on less than that, nothing can be
    /// found.
    fn check_length(&mut self, policy: &Policy) {
        let needed = policy.confirm;
        let (Some(first), Some(last)) = (self.first_census, self.model.census()) else { return };
        let seen = last.since(first);
        if seen < needed {
            self.doubts.push(format!(
                "Watched for {} only; a finding must hold for {} to be confirmed: use --for {} or more.",
                words::duration(seen),
                words::duration(needed),
                // The first census and the last take a moment.
                words::duration(needed + Duration::from_secs(5))
            ));
        }
    }

    fn progress(&self, target: &Target, deadline: Option<Instant>) -> String {
        let Some(deadline) = deadline else { return format!("connecting to {target}") };
        let name = self.model.target().map_or_else(|| target.to_string(), |info| info.name.clone());
        let left = deadline.saturating_duration_since(Instant::now());
        format!("watching {name}, {} to go", words::duration(Duration::from_secs(left.as_secs())))
    }
}
