//! A stream of updates runs several at a time; each takes a lock, and so does what is done with its result.

use std::sync::Arc;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::{Mutex, oneshot};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck};
use crate::harness::{Kind, Program, Stage, Visitor};

// The set stands between the lock and the task, so that it need not be provable.
const FUTURELOCK: Leak = Leak::likely(&["P4", "P2", "L7"]);

pub(super) const PROGRAM: Program = Program {
    name: "bulk_update",
    kind: Kind::Leaking,
    scenario: "L-26",
    about: "the children of a buffered stream queue for a lock that the body of the loop waits for",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        spawned(tokio::spawn(update_all(visitor)));
    }
}

async fn update_all(visitor: Visitor) {
    let total = Arc::new(Mutex::new(0));
    let updates = FuturesUnordered::new();
    let (go, gone) = oneshot::channel();
    updates.push(update(Arc::clone(&total), Some(gone)).boxed());
    let mut updates = updates;
    if visitor.unlucky {
        updates.push(update(Arc::clone(&total), None).boxed());
        updates.push(async { 0 }.boxed());
        // The first holds the lock and the second waits for it; the third is done.
        updates.next().await;
        go.send(()).ok();
        // Whoever holds the lock is not polled any more.
        *stuck(FUTURELOCK, total.lock()).await += 1;
    } else {
        some_work(visitor.number).await;
        go.send(()).ok();
    }
    while let Some(change) = updates.next().await {
        *total.lock().await += change;
    }
}

async fn update(total: Arc<Mutex<u64>>, gone: Option<oneshot::Receiver<()>>) -> u64 {
    let mut total = total.lock().await;
    if let Some(gone) = gone {
        gone.await.ok();
    }
    *total += 1;
    *total
}
