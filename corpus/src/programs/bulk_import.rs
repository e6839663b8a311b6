//! The summary of an import waits until the last sender of a channel is dropped.

use futures::FutureExt as _;
use tokio::sync::mpsc;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

/// How many senders a plain channel has, and who has them, is not known: without a wrapper only the survivors show.
const ONE_TOO_MANY: Leak = Leak::likely(&["L11", "P6", "L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "bulk_import",
    kind: Kind::Leaking,
    scenario: "L-11",
    about: "an mpsc channel counts running chunks; one sender too many keeps the summary waiting",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    // Senders for chunks that may be added to an import later.
    let mut resumable = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (running, all_done) = mpsc::channel::<()>(1);
        for chunk in 0..2 {
            tokio::spawn(import(visitor.number + chunk, running.clone()));
        }
        let summary = spawned(tokio::spawn(summary(visitor, all_done)));
        if visitor.unlucky {
            resumable.push(running);
            leaks(ONE_TOO_MANY, summary.id());
        }
    }
}

async fn import(number: u64, _running: mpsc::Sender<()>) {
    some_work(number).await;
}

async fn summary(visitor: Visitor, mut all_done: mpsc::Receiver<()>) {
    waits(all_done.recv()).await;
    tracing::debug!(visitor.number, "imported");
}
