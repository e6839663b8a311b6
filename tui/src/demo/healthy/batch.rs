//! A batch that takes long, and ends: many tasks at once that sit there for most of a minute.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

static BATCH: Site = Site::healthy("batch");
static PART: Site = Site::healthy("batch part");

/// Starts the batch, and starts it again when it is done.
pub(super) fn start(shop: Shop) {
    tokio::spawn(repeat(BATCH.task(), shop));
}

async fn repeat(_task: Task, shop: Shop) {
    loop {
        let mut parts = JoinSet::new();
        for number in 0..20 {
            parts.spawn(part(PART.task(), shop.clone(), number));
        }
        while parts.join_next().await.is_some() {}
        sleep(Duration::from_secs(15)).await;
    }
}

/// Fifteen pages, one every three seconds, as the supplier allows.
async fn part(_task: Task, shop: Shop, number: u64) {
    for page in 0..15 {
        sleep(Duration::from_secs(3)).await;
        shop.stock.lock().await.price(1_000 + number, page);
    }
}
