//! A limit on requests, filled up by a clock.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::time::interval;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage, Visitor};

pub(super) const PROGRAM: Program = Program {
    name: "refill_limit",
    kind: Kind::Healthy,
    scenario: "",
    about: "requests queue for permits, up to many seconds",
    run: |stage| run(stage).boxed_local(),
};

const PERMITS: usize = 30;

async fn run(stage: Stage) {
    let permits = Arc::new(Semaphore::new(PERMITS));
    tokio::spawn(refill(Arc::clone(&permits)));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        // In one second of ten they come in crowds.
        let crowd = if visitor.number / 10 % 10 == 4 { 8 } else { 1 };
        for _ in 0..crowd {
            tokio::spawn(request(visitor, Arc::clone(&permits)));
        }
    }
}

async fn request(visitor: Visitor, permits: Arc<Semaphore>) {
    if let Ok(permit) = permits.acquire().await {
        permit.forget();
        some_work(visitor.number).await;
    }
}

/// Twenty a second.
async fn refill(permits: Arc<Semaphore>) {
    let mut ticks = interval(Duration::from_millis(50));
    loop {
        ticks.tick().await;
        if permits.available_permits() < PERMITS {
            permits.add_permits(1);
        }
    }
}
