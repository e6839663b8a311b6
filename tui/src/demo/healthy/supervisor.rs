//! A supervisor that waits for children which never end.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::interval;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

static SUPERVISOR: Site = Site::healthy("supervisor").waiting("join_set", 1);
static CHILD: Site = Site::healthy("stock auditor").waiting("interval", 1);

/// Starts the supervisor and its children.
pub(super) fn start(shop: Shop) {
    tokio::spawn(supervise(SUPERVISOR.task(), shop));
}

async fn supervise(task: Task, shop: Shop) {
    let mut children = JoinSet::new();
    for _ in 0..3 {
        children.spawn(child(CHILD.task(), shop.clone()));
    }
    while let Some(ended) = task.waits(children.join_next()).await {
        tracing::warn!(?ended, "a child ended");
        children.spawn(child(CHILD.task(), shop.clone()));
    }
}

async fn child(task: Task, shop: Shop) {
    let mut rounds = interval(Duration::from_secs(4));
    loop {
        task.waits(rounds.tick()).await;
        let (price, set_aside) = shop.stock.lock().await.look_up(4);
        tracing::debug!(price, set_aside, "audited");
    }
}
