//! Permits that travel with the work from task to task.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "permit_relay",
    kind: Kind::Healthy,
    scenario: "",
    about: "owned permits are taken in one task and given back in another",
    run: |stage| run(stage).boxed_local(),
};

type Work = (u64, OwnedSemaphorePermit);

async fn run(stage: Stage) {
    let permits = Arc::new(Semaphore::new(4));
    let (send, work) = mpsc::channel(4);
    tokio::spawn(finish(work));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (permits, send) = (Arc::clone(&permits), send.clone());
        tokio::spawn(async move {
            if let Ok(permit) = permits.acquire_owned().await {
                some_work(visitor.number).await;
                send.send((visitor.number, permit)).await.ok();
            }
        });
    }
}

async fn finish(mut work: mpsc::Receiver<Work>) {
    while let Some((number, permit)) = work.recv().await {
        some_work(number).await;
        drop(permit);
    }
}
