//! `GET /events`: a task that goes on for a client that is gone.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::Response;
use futures::Stream;
use serde::Deserialize;
use tokio::sync::{broadcast, mpsc};

use crate::demo::shop::Shop;
use crate::demo::truth::{Mark, Site, Task};

pub(crate) static PUSH: Site = Site::leaking("event push", "broadcast.recv", 1);

#[derive(Deserialize)]
pub(crate) struct Wish {
    topic: Topic,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Topic {
    /// Several a second.
    Orders,
    /// None in years.
    Recalls,
}

/// Streams the events of a topic to the client.
pub(crate) async fn events(State(shop): State<Shop>, Query(wish): Query<Wish>) -> Response {
    let topic = match wish.topic {
        Topic::Orders => &shop.topics.orders,
        Topic::Recalls => &shop.topics.recalls,
    };
    let (lines, outgoing) = mpsc::channel(4);
    let abandoned = Mark::default();
    tokio::spawn(push(PUSH.marked(&abandoned), topic.subscribe(), lines));
    // On a busy topic the next event fails to be sent, and the task ends.
    let abandoned = (wish.topic == Topic::Recalls).then_some(abandoned);
    Response::new(Body::from_stream(Outgoing { lines: outgoing, abandoned }))
}

/// Notices that the client is gone only when there is something to send to it.
async fn push(task: Task, mut topic: broadcast::Receiver<String>, lines: mpsc::Sender<String>) {
    lines.send(": welcome\n\n".to_owned()).await.ok();
    while let Ok(event) = task.waits(topic.recv()).await {
        if lines.send(format!("data: {event}\n\n")).await.is_err() {
            return;
        }
    }
}

/// The body of the response; dropped when the client hangs up.
struct Outgoing {
    lines: mpsc::Receiver<String>,
    abandoned: Option<Mark>,
}

impl Stream for Outgoing {
    type Item = Result<String, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.lines.poll_recv(cx).map(|line| line.map(Ok))
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(abandoned) = &self.abandoned {
            abandoned.set();
        }
    }
}
