//! `POST /payments`: a token that the error path forgets to cancel.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::demo::shop::Shop;
use crate::demo::truth::{Mark, Site, Task};

pub(crate) static HOLD: Site = Site::leaking("stock hold", "token.cancelled", 1);

#[derive(Deserialize)]
pub(crate) struct Payment {
    sku: u64,
    /// Whether the card is covered.
    #[serde(default)]
    declined: bool,
}

/// Holds the goods while the card is charged.
pub(crate) async fn pay(
    State(shop): State<Shop>,
    Query(payment): Query<Payment>,
) -> Result<&'static str, StatusCode> {
    let paid = CancellationToken::new();
    let unpaid = Mark::default();
    let sku = payment.sku;
    tokio::spawn(hold(HOLD.marked(&unpaid), shop.clone(), sku, paid.clone()));
    shop.charge(payment.declined).await.inspect_err(|_| unpaid.set())?;
    paid.cancel();
    Ok("paid\n")
}

/// Keeps one piece of `sku` aside until it is paid for.
async fn hold(task: Task, shop: Shop, sku: u64, paid: CancellationToken) {
    shop.stock.lock().await.set_aside(sku);
    task.waits(paid.cancelled()).await;
    shop.stock.lock().await.hand_out(sku);
}
