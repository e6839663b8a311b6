//! An index that a hundred readers share, and now and then a writer.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::RwLock;
use tokio::time::{interval, sleep};

use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "shared_index",
    kind: Kind::Healthy,
    scenario: "H-13",
    about: "a writer waits behind rotating readers for seconds",
    run: |stage| run(stage).boxed_local(),
};

type Index = Arc<RwLock<Vec<u64>>>;

async fn run(stage: Stage) {
    let index = Index::default();
    tokio::spawn(rebuild(Arc::clone(&index)));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        for reader in 0..10 {
            tokio::spawn(search(visitor.number + reader, Arc::clone(&index)));
        }
    }
}

async fn search(number: u64, index: Index) {
    let index = index.read().await;
    // Some searches are slow, and the writer waits for every one that came before it.
    let slow = number % 1_000 == 17;
    sleep(Duration::from_millis(if slow { 8_000 } else { 5 + number % 50 })).await;
    drop(index);
}

async fn rebuild(index: Index) {
    let mut ticks = interval(Duration::from_secs(3));
    loop {
        ticks.tick().await;
        index.write().await.push(1);
    }
}
