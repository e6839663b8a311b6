//! `GET /invoice`: a permit that stays with a task after the request has timed out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

pub(crate) static PRINT: Site = Site::leaking("invoice print", "notify", 1);

#[derive(Deserialize)]
pub(crate) struct Wish {
    order: u64,
    /// Whether it is to be on paper.
    #[serde(default)]
    paper: bool,
}

/// Prints an invoice, while so many others are not being printed.
pub(crate) async fn invoice(
    State(shop): State<Shop>,
    Query(wish): Query<Wish>,
) -> Result<String, StatusCode> {
    let slots = Arc::clone(&shop.printer.slots);
    let slot = slots.acquire_owned().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let printing = tokio::spawn(print(PRINT.task(), shop, wish, slot));
    match timeout(Duration::from_millis(200), printing).await {
        Ok(Ok(invoice)) => Ok(invoice),
        Ok(Err(_)) => Err(StatusCode::INTERNAL_SERVER_ERROR),
        Err(_) => Err(StatusCode::GATEWAY_TIMEOUT),
    }
}

async fn print(task: Task, shop: Shop, wish: Wish, _slot: OwnedSemaphorePermit) -> String {
    let invoice = format!("order {}: {}", wish.order, shop.recent_orders().await);
    if wish.paper {
        // The tray has been empty since the office moved.
        task.stuck(shop.printer.paper.notified()).await;
    }
    invoice
}
