//! A library calls registered closures for ever; each holds the sender of a task that waits for its call.

use std::sync::{Mutex, PoisonError};

use futures::FutureExt as _;
use tokio::sync::mpsc;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const KEPT_BY_A_CALLBACK: Leak = Leak::likely(&["L5", "L2"]);

pub(super) const PROGRAM: Program = Program {
    name: "plugin_hooks",
    kind: Kind::Leaking,
    scenario: "L-17",
    about: "a global registry of callbacks holds a sender for each account that ever existed",
    run: |stage| run(stage).boxed_local(),
};

type Callback = Box<dyn Fn(u64) + Send>;

static ON_PRICE_CHANGE: Mutex<Vec<Callback>> = Mutex::new(Vec::new());

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        if visitor.unlucky {
            tokio::spawn(open_account(visitor));
        }
    }
}

async fn open_account(visitor: Visitor) {
    let (send, prices) = mpsc::unbounded_channel();
    let alerts = spawned(tokio::spawn(alerts(prices)));
    let callback: Callback = Box::new(move |price| send.send(price).unwrap_or_default());
    ON_PRICE_CHANGE.lock().unwrap_or_else(PoisonError::into_inner).push(callback);
    some_work(visitor.number).await;
    // The account is closed again. There is no way to take the callback back.
    leaks(KEPT_BY_A_CALLBACK, alerts.id());
}

async fn alerts(mut prices: mpsc::UnboundedReceiver<u64>) {
    while let Some(price) = waits(prices.recv()).await {
        tracing::debug!(price, "alert");
    }
}
