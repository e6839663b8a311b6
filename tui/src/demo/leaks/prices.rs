//! `POST /prices`: a loop that takes a closed channel for a quiet one.

use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

pub(crate) static FOLLOW: Site = Site::leaking("price follower", "sleep", 1);

#[derive(Deserialize)]
pub(crate) struct Upload {
    sku: u64,
    /// Whether the upload breaks off before its end.
    #[serde(default)]
    torn: bool,
}

enum Line {
    Price(u64),
    End,
}

/// Takes new prices and applies them in the background.
pub(crate) async fn upload(State(shop): State<Shop>, Query(upload): Query<Upload>) -> StatusCode {
    let (lines, incoming) = mpsc::channel(8);
    tokio::spawn(follow(FOLLOW.task(), shop, upload.sku, incoming));
    for price in 1..=3 {
        lines.send(Line::Price(price)).await.ok();
    }
    if upload.torn {
        return StatusCode::BAD_REQUEST;
    }
    lines.send(Line::End).await.ok();
    StatusCode::OK
}

async fn follow(task: Task, shop: Shop, sku: u64, mut lines: mpsc::Receiver<Line>) {
    loop {
        match lines.recv().await {
            Some(Line::Price(price)) => shop.stock.lock().await.price(sku, price),
            Some(Line::End) => return,
            // Nothing there yet: look again in a second.
            None => task.stuck(tokio::time::sleep(Duration::from_secs(1))).await,
        }
    }
}
