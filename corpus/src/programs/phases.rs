//! A computation in phases, in which all wait for the slowest.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "phases",
    kind: Kind::Healthy,
    scenario: "",
    about: "tasks wait at a barrier that is always reached",
    run: |stage| run(stage).boxed_local(),
};

const PARTS: u64 = 6;

async fn run(stage: Stage) {
    let barrier = Arc::new(Barrier::new(PARTS as usize));
    for part in 0..PARTS {
        tokio::spawn(compute(part, Arc::clone(&barrier)));
    }
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
    }
}

async fn compute(part: u64, barrier: Arc<Barrier>) {
    loop {
        sleep(Duration::from_millis(200 + 700 * part)).await;
        barrier.wait().await;
    }
}
