//! A timeout around the handle of a task ends the waiting, not the task.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck};
use crate::harness::{Kind, Program, Stage, Visitor};

const DETACHED: Leak = Leak::likely(&["L1", "L3"]);

pub(super) const PROGRAM: Program = Program {
    name: "report_renderer",
    kind: Kind::Leaking,
    scenario: "L-04",
    about: "timeout(d, handle): the expired handle is dropped and its task goes on",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let printer = Arc::new(Notify::new());
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let request = tracing::info_span!("report", visitor = visitor.number);
        tokio::spawn(handle(visitor, Arc::clone(&printer)).instrument(request));
    }
}

async fn handle(visitor: Visitor, printer: Arc<Notify>) {
    let render = spawned(tokio::spawn(render(visitor, printer)));
    if timeout(Duration::from_millis(200), render).await.is_err() {
        tracing::debug!("the report took too long");
    }
}

async fn render(visitor: Visitor, printer: Arc<Notify>) {
    some_work(visitor.number).await;
    if visitor.unlucky {
        // Out of paper, and nobody told the printer when it was refilled.
        stuck(DETACHED, printer.notified()).await;
    }
}
