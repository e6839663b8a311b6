//! `POST /transfer`: two locks, taken in two orders.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::{Mutex, oneshot};

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

pub(crate) static SWAP: Site = Site::leaking("shelf swap", "mutex.lock", 1);

#[derive(Deserialize)]
pub(crate) struct Transfer {
    sku: u64,
    /// Whether goods go both ways.
    #[serde(default)]
    swap: bool,
}

/// Pieces of goods on a shelf.
pub(crate) type Shelf = Arc<Mutex<u64>>;

/// Moves goods from one shelf to another, or swaps them.
pub(crate) async fn transfer(
    State(shop): State<Shop>,
    Query(transfer): Query<Transfer>,
) -> StatusCode {
    let (from, to) = (Shelf::default(), Shelf::default());
    if transfer.swap {
        let (left, right) = (oneshot::channel(), oneshot::channel());
        let there = ([&from, &to], (left.0, right.1));
        let back = ([&to, &from], (right.0, left.1));
        for (shelves, notes) in [there, back] {
            tokio::spawn(swap(SWAP.task(), shelves.map(Arc::clone), notes));
        }
        return StatusCode::ACCEPTED;
    }
    shop.stock.lock().await.set_aside(transfer.sku);
    let mut from = from.lock().await;
    let mut to = to.lock().await;
    *to += std::mem::take(&mut *from);
    StatusCode::OK
}

/// One half of a swap: takes its own shelf, exchanges delivery notes, and then takes the other's.
async fn swap(
    task: Task,
    [from, to]: [Shelf; 2],
    (note, theirs): (oneshot::Sender<u64>, oneshot::Receiver<u64>),
) {
    let mut own = from.lock().await;
    note.send(*own).ok();
    let Ok(incoming) = theirs.await else { return };
    let mut other = task.stuck(to.lock()).await;
    *other -= incoming;
    *own += incoming;
}
