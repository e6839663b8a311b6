//! `GET /report`: a timeout that drops the handle, while the task goes on.

use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::time::timeout;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

pub(crate) static REPORT: Site = Site::leaking("monthly report", "watch.changed", 1);

#[derive(Deserialize)]
pub(crate) struct Wish {
    month: u32,
}

/// Answers in time or not at all.
pub(crate) async fn report(
    State(shop): State<Shop>,
    Query(wish): Query<Wish>,
) -> Result<String, StatusCode> {
    let writing = tokio::spawn(write(REPORT.task(), shop, wish.month));
    match timeout(Duration::from_millis(200), writing).await {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(_)) => Err(StatusCode::INTERNAL_SERVER_ERROR),
        Err(_) => Err(StatusCode::GATEWAY_TIMEOUT),
    }
}

/// Writes the report of a month once its books are closed.
async fn write(task: Task, shop: Shop, month: u32) -> String {
    let mut closed = shop.books.closed();
    if *closed.borrow() < month {
        let is_closed = |closed: &u32| *closed >= month;
        task.stuck(closed.wait_for(is_closed)).await.ok();
    }
    format!("month {month}: {}", shop.recent_orders().await)
}
