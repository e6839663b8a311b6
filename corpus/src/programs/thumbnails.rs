//! At most eight pictures are scaled at a time, by whoever holds a permit.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, ending, spawned, stuck, victim};
use crate::harness::{Kind, Program, Stage, Visitor};

const KEEPS_A_PERMIT: Leak = Leak::likely(&["L8", "L1", "L3"]);

pub(super) const PROGRAM: Program = Program {
    name: "thumbnails",
    kind: Kind::Leaking,
    scenario: "L-19",
    about: "the detached task of a request that timed out keeps its permit",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (permits, disk) = (Arc::new(Semaphore::new(8)), Arc::new(Notify::new()));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let request = tracing::info_span!("thumbnail", visitor = visitor.number);
        let handle = handle(visitor, Arc::clone(&permits), Arc::clone(&disk));
        spawned(tokio::spawn(handle.instrument(request)));
    }
}

async fn handle(visitor: Visitor, permits: Arc<Semaphore>, disk: Arc<Notify>) {
    let _ending = ending();
    let permit = match Arc::clone(&permits).try_acquire_owned() {
        Ok(permit) => permit,
        // All of them are held by tasks that are stuck: nothing else holds one for long.
        Err(_) => match victim(&["L8"], permits.acquire_owned()).await {
            Ok(permit) => permit,
            Err(_) => return,
        },
    };
    let scale = spawned(tokio::spawn(scale(visitor, permit, disk)));
    timeout(Duration::from_millis(300), scale).await.ok();
}

async fn scale(visitor: Visitor, _permit: OwnedSemaphorePermit, disk: Arc<Notify>) {
    some_work(visitor.number).await;
    if visitor.unlucky {
        // The disk does not answer.
        stuck(KEEPS_A_PERMIT, disk.notified()).await;
    }
}
