//! `POST /orders`: a delivery that tries for ever, with a bare `sleep` between attempts.

use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

pub(crate) static WEBHOOK: Site = Site::leaking("webhook delivery", "sleep", 1);

#[derive(Deserialize)]
pub(crate) struct Order {
    merchant: Merchant,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Merchant {
    /// Still in business.
    Acme,
    /// Switched its server off long ago.
    Bygone,
}

/// Takes an order and tells the merchant about it in the background.
pub(crate) async fn place(State(shop): State<Shop>, Query(order): Query<Order>) -> StatusCode {
    let hook = match order.merchant {
        Merchant::Acme => format!("http://{}/hook", shop.neighbours.merchant),
        // Nothing listens at the first port of any sane machine.
        Merchant::Bygone => "http://127.0.0.1:1/hook".to_owned(),
    };
    tokio::spawn(deliver(WEBHOOK.task(), shop, hook));
    StatusCode::ACCEPTED
}

/// The delay is capped; the number of attempts is not.
async fn deliver(task: Task, shop: Shop, hook: String) {
    let mut delay = Duration::from_secs(1);
    while !shop.post(&hook).await {
        task.stuck(tokio::time::sleep(delay)).await;
        delay = (delay * 2).min(Duration::from_mins(1));
    }
}
