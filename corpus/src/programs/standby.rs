//! The standby of a leader election, which asks again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "standby",
    kind: Kind::Healthy,
    scenario: "H-23",
    about: "a standby renews its claim for days and never wins",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (led, elected) = (Arc::new(AtomicBool::new(true)), Arc::new(Notify::new()));
    tokio::spawn(stand_by(led, elected));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
    }
}

async fn stand_by(led: Arc<AtomicBool>, elected: Arc<Notify>) {
    while led.load(Ordering::Relaxed) {
        // The leader may step down before its lease ends.
        timeout(Duration::from_secs(10), elected.notified()).await.ok();
        sleep(Duration::from_millis(200)).await;
    }
}
