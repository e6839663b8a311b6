//! `POST /refund`: a send into a full channel that nobody drains.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

pub(crate) static RECORD: Site = Site::leaking("audit record", "mpsc.send", 1);

#[derive(Deserialize)]
pub(crate) struct Refund {
    tenant: Tenant,
    amount: u64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tenant {
    /// Its audit writer works.
    Retail,
    /// Its audit writer was merged away; the shop still keeps the receiver.
    Wholesale,
}

/// Pays back, and leaves a record of it behind.
pub(crate) async fn refund(State(shop): State<Shop>, Query(refund): Query<Refund>) -> StatusCode {
    let log = match refund.tenant {
        Tenant::Retail => shop.audit.retail.clone(),
        Tenant::Wholesale => shop.audit.wholesale.clone(),
    };
    let entry = format!("refund of {}", refund.amount);
    tokio::spawn(record(RECORD.task(), log, entry));
    StatusCode::ACCEPTED
}

async fn record(task: Task, log: mpsc::Sender<String>, entry: String) {
    // There is room, as a rule.
    if let Err(TrySendError::Full(entry)) = log.try_send(entry) {
        task.stuck(log.send(entry)).await.ok();
    }
}
