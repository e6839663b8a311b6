//! One connection to an agent, step by step: reached, greeted, watched.

use std::io;
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use hyper_util::rt::TokioIo;
use stranded_analysis::facts::{Update, View};
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_proto::v1::{self, DescribeRequest};
use stranded_proto::{Description, PROTOCOL};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};

use super::dial::{Wire, dial};
use super::event::Problem;
use super::stranger::{Failure, identify, words};
use super::tap::Tap;
use crate::target::Target;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection on which nothing moves is asked for a sign of life after this time, and given up
/// after as long again.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A connected socket on which nothing has been said yet.
pub(crate) struct Reached {
    target: Target,
    stream: Box<dyn Wire>,
}

impl Reached {
    /// Connects.
    pub(crate) async fn open(target: &Target) -> Result<Self, Problem> {
        Ok(Self { target: target.clone(), stream: dial(target).await? })
    }

    /// Asks who is there.
    pub(crate) async fn greet(self) -> Result<Greeted, Problem> {
        let Self { target, stream } = self;
        let (stream, heard) = Tap::new(stream);
        let channel = match channel(stream).await {
            Ok(channel) => channel,
            Err(error) => {
                let failure = Failure::Refused(Status::unavailable(error.to_string()));
                return Err(identify(&target, None, &heard, &failure).await);
            }
        };
        let mut client = InspectorClient::new(channel.clone());
        let failure = match timeout(PATIENCE, client.describe(DescribeRequest {})).await {
            Ok(Ok(reply)) => {
                let reply = reply.into_inner();
                let protocol = reply.target.as_ref().map_or(0, |target| target.protocol);
                if protocol == 0 {
                    return Err(no_protocol(&target));
                }
                return match Description::try_from(reply) {
                    Ok(description) => Ok(Greeted { target, client, protocol, description }),
                    Err(error) => Err(nonsense(&target, &error)),
                };
            }
            Ok(Err(status)) => Failure::Refused(status),
            Err(_) => Failure::Silence(PATIENCE),
        };
        Err(identify(&target, Some(channel), &heard, &failure).await)
    }
}

/// A target that has said who it is.
pub(crate) struct Greeted {
    target: Target,
    client: InspectorClient<Channel>,
    /// The level of the protocol that it speaks.
    pub(crate) protocol: u32,
    /// What it said.
    pub(crate) description: Description,
}

impl Greeted {
    /// Starts the stream of updates; it follows `views` as they change.
    pub(crate) async fn watch(mut self, views: watch::Receiver<View>) -> Result<Session, Problem> {
        let (open, closed) = oneshot::channel();
        let views = wire_views(views).take_until(closed);
        match timeout(PATIENCE, self.client.watch(views)).await {
            Ok(Ok(reply)) => {
                Ok(Session { target: self.target, updates: reply.into_inner(), _open: open })
            }
            Ok(Err(status)) => Err(broken(&self.target, &status)),
            Err(_) => Err(Problem {
                what: format!("{} says who it is, but sends no updates", self.target),
                hint: "is its process stopped, or out of CPU? Next: stranded doctor".to_owned(),
            }),
        }
    }
}

/// A stream of updates.
pub(crate) struct Session {
    target: Target,
    updates: Streaming<v1::Update>,
    /// Dropped with the session, it ends the stream of views. The connection would stay open for
    /// that alone, also after the target has ended the stream of updates.
    _open: oneshot::Sender<()>,
}

impl Session {
    /// The next update. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Update, Problem> {
        match self.updates.message().await {
            Ok(Some(update)) => Update::try_from(update).map_err(|e| nonsense(&self.target, &e)),
            Ok(None) => Err(Problem {
                what: format!("{} ended the connection", self.target),
                hint: "has the service stopped? Look at its logs, or wait for it to return"
                    .to_owned(),
            }),
            Err(status) => Err(broken(&self.target, &status)),
        }
    }
}

/// HTTP/2 over `stream`, which cannot be opened a second time.
async fn channel(stream: Tap<Box<dyn Wire>>) -> Result<Channel, tonic::transport::Error> {
    let mut once = Some(TokioIo::new(stream));
    let connector = tower::service_fn(move |_| {
        let stream = once.take().ok_or_else(|| io::Error::other("the connection is gone"));
        async move { stream }
    });
    Endpoint::from_static("http://localhost")
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true)
        .connect_with_connector(connector)
        .await
}

/// The present view, then each later one; a view that is replaced before it was sent is never sent.
fn wire_views(mut views: watch::Receiver<View>) -> impl Stream<Item = v1::View> + Send {
    views.mark_changed();
    stream::unfold(views, |mut views| async move {
        views.changed().await.ok()?;
        let view = views.borrow_and_update().clone();
        Some((v1::View::from(&view), views))
    })
}

fn broken(target: &Target, status: &Status) -> Problem {
    let why = words(status);
    match status.code() {
        Code::InvalidArgument => Problem {
            what: format!("{target} refuses this view: {why}"),
            hint: "update the older of the two, the agent or this command".to_owned(),
        },
        // Larger than agreed, on the wire or in memory.
        Code::OutOfRange => nonsense(target, &why),
        _ => Problem {
            what: format!("The connection to {target} broke: {why}"),
            hint: "has the service stopped or been restarted? Look at its logs".to_owned(),
        },
    }
}

/// Newer levels only add; a reader of a lower one goes on. Level 0 was never spoken.
fn no_protocol(target: &Target) -> Problem {
    Problem {
        what: format!(
            "{target} does not say which level of the protocol it speaks; \
             this command speaks {PROTOCOL}"
        ),
        hint: "update the agent in the service".to_owned(),
    }
}

fn nonsense(target: &Target, error: &dyn std::fmt::Display) -> Problem {
    Problem {
        what: format!("{target} sent what no agent of this version sends: {error}"),
        hint: format!(
            "update the older of the two, the agent or this command ({}); \
             `stranded doctor` shows both versions",
            env!("CARGO_PKG_VERSION")
        ),
    }
}
