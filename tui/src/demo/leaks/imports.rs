//! `POST /import`: a join counter that never reaches zero, for one sender too many.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::demo::shop::Shop;
use crate::demo::truth::{Mark, Site, Task};

pub(crate) static SUMMARY: Site = Site::leaking("import summary", "mpsc.recv", 1);
static CHUNK: Site = Site::healthy("import chunk");

#[derive(Deserialize)]
pub(crate) struct Import {
    chunks: u64,
    /// Whether more chunks may follow in another request.
    #[serde(default)]
    resumable: bool,
}

/// Imports chunks side by side; a task sums them up when the last of them is done.
///
/// Each chunk holds a sender and drops it at its end, so that the receiver sees the end of them all.
pub(crate) async fn import(State(shop): State<Shop>, Query(import): Query<Import>) -> StatusCode {
    let (done, chunks) = mpsc::channel(8);
    for number in 0..import.chunks {
        tokio::spawn(load(CHUNK.task(), shop.clone(), number, done.clone()));
    }
    let unfinished = Mark::default();
    tokio::spawn(sum_up(SUMMARY.marked(&unfinished), shop.clone(), chunks));
    if import.resumable {
        // A later request will send more. None ever does.
        shop.open_imports.lock().await.push(done);
        unfinished.set();
    }
    StatusCode::ACCEPTED
}

async fn load(_task: Task, shop: Shop, number: u64, done: mpsc::Sender<u64>) {
    shop.stock.lock().await.set_aside(number);
    done.send(number).await.ok();
}

async fn sum_up(task: Task, shop: Shop, mut chunks: mpsc::Receiver<u64>) {
    while let Some(number) = task.waits(chunks.recv()).await {
        shop.stock.lock().await.hand_out(number);
    }
}
