//! Producers that are faster than their consumer, which gets on.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "slow_consumer",
    kind: Kind::Healthy,
    scenario: "H-12",
    about: "twenty producers wait for room in a queue that is always full and always moves",
    run: |stage| run(stage).boxed_local(),
};

const PRODUCERS: u64 = 20;

async fn run(stage: Stage) {
    let (send, mut lines) = mpsc::channel(8);
    for producer in 0..PRODUCERS {
        tokio::spawn(produce(producer, send.clone()));
    }
    tokio::spawn(async move {
        while lines.recv().await.is_some() {
            sleep(Duration::from_millis(300)).await;
        }
    });
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
    }
}

async fn produce(producer: u64, lines: mpsc::Sender<u64>) {
    loop {
        some_work(producer).await;
        if lines.send(producer).await.is_err() {
            return;
        }
    }
}
