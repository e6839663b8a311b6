//! Readers look at the configuration twice; a reload in between waits for the first, and is waited for by the
//! second.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::join;
use tokio::sync::{RwLock, oneshot};

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
        let (asked, reloading) = oneshot::channel();
        spawned(tokio::spawn(request(visitor, Arc::clone(&config), entered, reloading)));
        if visitor.unlucky {
            spawned(tokio::spawn(reload(config, reading, asked)));
        }
    }
}

async fn request(
    visitor: Visitor,
    config: Arc<RwLock<u64>>,
    entered: oneshot::Sender<()>,
    reloading: oneshot::Receiver<()>,
) {
    let limits = config.read().await;
    if visitor.unlucky {
        entered.send(()).ok();
        // This takes a while, in which somebody asks for a reload.
        reloading.await.ok();
        let routes = stuck(READ_WRITE_READ, config.read()).await;
        tracing::debug!(%limits, %routes, "configured");
    }
}

async fn reload(
    config: Arc<RwLock<u64>>,
    reading: oneshot::Receiver<()>,
    asked: oneshot::Sender<()>,
) {
    reading.await.ok();
    // Once the first has its place in the queue.
    let tell = async move { asked.send(()) };
    let (mut limits, _told) = stuck(READ_WRITE_READ, join(config.write(), tell)).await;
    *limits += 1;
}
