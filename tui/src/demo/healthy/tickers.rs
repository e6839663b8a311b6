//! Tasks that do a little at fixed intervals.

use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::interval;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

static METRICS: Site = Site::healthy("metrics").waiting("interval", 1);
static NEWS: Site = Site::healthy("order news").waiting("interval", 1);

/// Starts them.
pub(super) fn start(shop: &Shop) {
    tokio::spawn(flush_metrics(METRICS.task(), shop.clone()));
    tokio::spawn(publish_orders(NEWS.task(), shop.topics.orders.clone()));
}

async fn flush_metrics(task: Task, shop: Shop) {
    let mut every = interval(Duration::from_secs(1));
    loop {
        task.waits(every.tick()).await;
        let free = shop.printer.slots.available_permits();
        tracing::debug!(free_printer_slots = free, "metrics");
    }
}

async fn publish_orders(task: Task, orders: broadcast::Sender<String>) {
    let mut every = interval(Duration::from_millis(250));
    for number in 0_u64.. {
        task.waits(every.tick()).await;
        // Nobody may be listening.
        orders.send(format!("order {number}")).ok();
    }
}
