//! Webhooks are delivered in a loop of attempts and pauses that only success ends.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::sleep;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const TRIES_FOR_EVER: Leak = Leak::likely(&["L12", "L3"]);

pub(super) const PROGRAM: Program = Program {
    name: "webhook_retry",
    kind: Kind::Leaking,
    scenario: "",
    about: "a webhook is tried again after a pause, for ever, also when its merchant is gone",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let request = tracing::info_span!("order", visitor = visitor.number);
        tokio::spawn(order(visitor).instrument(request));
    }
}

async fn order(visitor: Visitor) {
    let delivery = spawned(tokio::spawn(deliver(visitor)));
    some_work(visitor.number).await;
    if visitor.unlucky {
        // The merchant has closed the shop, and nobody asks for that in the loop.
        leaks(TRIES_FOR_EVER, delivery.id());
    }
}

async fn deliver(visitor: Visitor) {
    while !attempt(visitor).await {
        waits(sleep(Duration::from_secs(2))).await;
    }
}

async fn attempt(visitor: Visitor) -> bool {
    some_work(visitor.number).await;
    !visitor.unlucky
}
