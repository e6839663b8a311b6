//! The connection to a target: a background task that turns it into events, and never gives up by
//! itself.
//!
//! Reading order: [`event`] is what goes in and out; `session` is one connection, opened by `dial`;
//! `tap` and `stranger` find out who else it may be that listens there; `backoff` is the time
//! between attempts.

mod backoff;
mod dial;
pub mod event;
pub(crate) mod session;
mod stranger;
mod tap;

use std::ops::ControlFlow;
use std::time::Duration;

use stranded_analysis::facts::View;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use self::event::{LinkCommand, LinkEvent, Problem};
use self::session::{Reached, Session};
use crate::target::Target;

/// How many events may wait for the reader. Beyond it the link stops reading, and the agent merges
/// updates.
const EVENTS: usize = 64;

/// Both ends of the conversation with a link. Dropping either end stops it.
#[derive(Debug)]
pub struct Link {
    /// What it says.
    pub events: mpsc::Receiver<LinkEvent>,
    /// What it is told. Unbounded, so that no key ever waits for the network: a person sends these.
    pub commands: mpsc::UnboundedSender<LinkCommand>,
}

/// Starts to connect to `target`, to look at it through `view`.
pub fn start(target: Target, view: View) -> Link {
    let (say, events) = mpsc::channel(EVENTS);
    let (commands, told) = mpsc::unbounded_channel();
    let (view, views) = watch::channel(view);
    tokio::spawn(async move {
        // Breaks when nobody is left to talk to.
        let _ = Keeper { target, say, told, view, views }.keep().await;
    });
    Link { events, commands }
}

/// The task behind a [`Link`].
struct Keeper {
    target: Target,
    say: mpsc::Sender<LinkEvent>,
    told: mpsc::UnboundedReceiver<LinkCommand>,
    /// The view, kept across connections.
    view: watch::Sender<View>,
    views: watch::Receiver<View>,
}

/// Something, or the end of the conversation.
type Unless<T> = ControlFlow<(), T>;

impl Keeper {
    /// Connects, listens, waits, again and again.
    async fn keep(mut self) -> Unless<()> {
        let mut delays = backoff::delays();
        let mut attempt = 1;
        loop {
            self.say(LinkEvent::Connecting { attempt }).await?;
            let mut fruitful = false;
            let problem = match self.connect().await? {
                Ok(session) => self.listen(session, &mut fruitful).await?,
                Err(problem) => problem,
            };
            // A target that answers and then breaks at once is no success: it must not be asked
            // five times a second for ever.
            if fruitful {
                delays = backoff::delays();
                attempt = 0;
            }
            attempt += 1;
            let retry_in = delays.next().unwrap_or(Duration::from_secs(5));
            let deadline = Instant::now() + retry_in;
            self.say(LinkEvent::Lost { problem, retry_in, attempt }).await?;
            self.wait(deadline).await?;
        }
    }

    async fn say(&self, event: LinkEvent) -> Unless<()> {
        match self.say.send(event).await {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// One attempt, during which the view may change and the reader may leave.
    async fn connect(&mut self) -> Unless<Result<Session, Problem>> {
        let (target, views, say) = (self.target.clone(), self.views.clone(), self.say.clone());
        let opened = async move {
            let greeted = Reached::open(&target).await?.greet().await?;
            // A reader that left is noticed at the next turn.
            let _ =
                say.send(LinkEvent::Connected(Box::new(greeted.description.target.clone()))).await;
            greeted.watch(views).await
        };
        let mut opened = std::pin::pin!(opened);
        loop {
            tokio::select! {
                session = &mut opened => return ControlFlow::Continue(session),
                told = self.told.recv() => { self.heed(told)?; }
                () = self.say.closed() => return ControlFlow::Break(()),
            }
        }
    }

    /// Passes updates on until the connection breaks.
    async fn listen(&mut self, mut session: Session, fruitful: &mut bool) -> Unless<Problem> {
        loop {
            tokio::select! {
                update = session.next() => match update {
                    Ok(update) => {
                        *fruitful = true;
                        self.say(LinkEvent::Update(Box::new(update))).await?;
                    }
                    Err(problem) => return ControlFlow::Continue(problem),
                },
                told = self.told.recv() => { self.heed(told)?; }
                () = self.say.closed() => return ControlFlow::Break(()),
            }
        }
    }

    /// Waits for the deadline, or to be told to retry.
    async fn wait(&mut self, deadline: Instant) -> Unless<()> {
        loop {
            tokio::select! {
                () = sleep_until(deadline) => return ControlFlow::Continue(()),
                told = self.told.recv() => if self.heed(told)? == Heeded::Retry {
                    return ControlFlow::Continue(());
                },
                () = self.say.closed() => return ControlFlow::Break(()),
            }
        }
    }

    fn heed(&mut self, told: Option<LinkCommand>) -> Unless<Heeded> {
        match told {
            Some(LinkCommand::View(view)) => {
                self.view.send_replace(*view);
                ControlFlow::Continue(Heeded::Noted)
            }
            Some(LinkCommand::RetryNow) => ControlFlow::Continue(Heeded::Retry),
            None => ControlFlow::Break(()),
        }
    }
}

/// What a command asks of the link.
#[derive(PartialEq, Eq)]
enum Heeded {
    /// Nothing more.
    Noted,
    /// Not to wait any longer.
    Retry,
}
