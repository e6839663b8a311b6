//! `POST /login`: a callback in a dependency that keeps a sender.

use axum::extract::{Query, State};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};
use crate::demo::vendor_bus;

/// Two wakers: one for the next message, one for the end of the service.
pub(crate) static SESSION: Site = Site::leaking("session", "mpsc.recv", 2);

#[derive(Deserialize)]
pub(crate) struct Login {
    user: String,
}

/// Starts a session, which is meant to end with the last sender to it.
pub(crate) async fn login(State(shop): State<Shop>, Query(login): Query<Login>) -> String {
    let (messages, inbox) = mpsc::channel(4);
    tokio::spawn(session(SESSION.task(), inbox, shop.shutdown.clone()));
    messages.send(format!("welcome, {}", login.user)).await.ok();
    let user = login.user.clone();
    // The bus never forgets a callback, and this one owns a sender.
    vendor_bus::on_logout(move |name| {
        if name == user {
            messages.try_send("goodbye".to_owned()).ok();
        }
    });
    format!("hello, {}\n", login.user)
}

async fn session(task: Task, mut inbox: mpsc::Receiver<String>, shutdown: CancellationToken) {
    while let Some(Some(message)) = task.stuck(shutdown.run_until_cancelled(inbox.recv())).await {
        tracing::debug!(message, "session");
    }
}
