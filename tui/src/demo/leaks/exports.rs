//! `GET /export`: work that ignores the cancellation of its request.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::demo::archive::Archive;
use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

pub(crate) static EXPORT: Site = Site::leaking("order export", "oneshot.recv", 1);

#[derive(Deserialize)]
pub(crate) struct Wish {
    /// Whether orders of past years are wanted too.
    #[serde(default)]
    history: bool,
}

/// Collects the orders in a task, which a client that hangs up cancels. So it was meant.
pub(crate) async fn export(
    State(shop): State<Shop>,
    Query(wish): Query<Wish>,
) -> Result<String, StatusCode> {
    let cancel = CancellationToken::new();
    let _on_disconnect = cancel.clone().drop_guard();
    let (send, rows) = oneshot::channel();
    tokio::spawn(collect(EXPORT.task(), shop, wish.history, cancel, send));
    rows.await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

async fn collect(
    task: Task,
    shop: Shop,
    history: bool,
    cancel: CancellationToken,
    rows: oneshot::Sender<String>,
) {
    let Some(mut table) = cancel.run_until_cancelled(shop.recent_orders()).await else {
        return;
    };
    if history {
        table += &past_orders(&task, &shop.archive).await;
    }
    rows.send(table).ok();
}

/// Added later, without a thought of `cancel`; and the archive is down.
async fn past_orders(task: &Task, archive: &Archive) -> String {
    let answer = archive.ask("HISTORY".to_owned()).await;
    task.stuck(answer).await.unwrap_or_default()
}
