//! A supervisor with children that live for ever, and others that do not.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "supervisor",
    kind: Kind::Healthy,
    scenario: "",
    about: "long-lived children of a `JoinSet` that somebody waits for",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (send, _) = mpsc::channel::<u64>(1);
    tokio::spawn(supervise(send.clone()));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
    }
}

async fn supervise(queue: mpsc::Sender<u64>) {
    let mut children = JoinSet::new();
    for _ in 0..5 {
        let queue = queue.clone();
        children.spawn(async move { queue.closed().await });
    }
    loop {
        children.spawn(sleep(Duration::from_secs(3)));
        if children.len() > 6 {
            children.join_next().await;
        }
    }
}
