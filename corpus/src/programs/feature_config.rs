//! Readers look at the configuration twice; a reload in between waits for the first, and is waited for by the
//! second.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::{RwLock, oneshot};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck};
use crate::harness::{Kind, Program, Stage, Visitor};

const READ_WRITE_READ: Leak = Leak::provable(&["P2"]);

pub(super) const PROGRAM: Program = Program {
    name: "feature_config",
    kind: Kind::Leaking,
    scenario: "L-23",
    about: "a task that reads a lock reads it again while a writer waits in between",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        // Every tenant has a configuration of its own.
        let config = Arc::new(RwLock::new(visitor.number));
        let (entered, reading) = oneshot::channel();
        spawned(tokio::spawn(request(visitor, Arc::clone(&config), entered)));
        if visitor.unlucky {
            spawned(tokio::spawn(reload(config, reading)));
        }
    }
}

async fn request(visitor: Visitor, config: Arc<RwLock<u64>>, entered: oneshot::Sender<()>) {
    let limits = config.read().await;
    if visitor.unlucky {
        entered.send(()).ok();
        // Until a reload is in the queue.
        while config.try_read().is_ok() {
            some_work(visitor.number).await;
        }
        let routes = stuck(READ_WRITE_READ, config.read()).await;
        tracing::debug!(%limits, %routes, "configured");
    }
}

async fn reload(config: Arc<RwLock<u64>>, reading: oneshot::Receiver<()>) {
    reading.await.ok();
    *stuck(READ_WRITE_READ, config.write()).await += 1;
}
