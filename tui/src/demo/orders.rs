//! Handlers that use locks, tasks, channels, timeouts and blocking work, and leave nothing behind.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::shop::Shop;
use super::truth::{Site, Task};
use super::vendor_bus;

static LOOK_UP: Site = Site::healthy("order look-up");
static SIGNATURE: Site = Site::healthy("receipt signature").of_kind("blocking");

/// Answers with an order and its signature.
pub(super) async fn order(
    State(shop): State<Shop>,
    Path(id): Path<u64>,
) -> Result<String, StatusCode> {
    let (send, found) = oneshot::channel();
    tokio::spawn(look_up(LOOK_UP.task(), shop.clone(), id, send));
    let found = timeout(Duration::from_secs(10), found).await;
    let Ok(Ok((price, waiting))) = found else {
        return Err(StatusCode::GATEWAY_TIMEOUT);
    };
    let signature = tokio::task::spawn_blocking(move || sign(&SIGNATURE.task(), id, price));
    let signature = signature.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    if id.is_multiple_of(10) {
        shop.pool.enqueue(id).await;
    }
    Ok(format!("order {id}: price {price}, {waiting} set aside, signed {signature:x}\n"))
}

async fn look_up(_task: Task, shop: Shop, id: u64, found: oneshot::Sender<(u64, u64)>) {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let row = shop.stock.lock().await.look_up(id);
    // The client may have hung up in the meantime.
    found.send(row).ok();
}

fn sign(_task: &Task, id: u64, price: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    for round in 0..10_000_u64 {
        (id, price, round).hash(&mut hasher);
    }
    hasher.finish()
}

/// Who logs out.
#[derive(Deserialize)]
pub(super) struct Logout {
    user: String,
}

/// Ends the sessions of a user.
pub(super) async fn log_out(Query(logout): Query<Logout>) -> StatusCode {
    vendor_bus::logged_out(&logout.user);
    StatusCode::NO_CONTENT
}
