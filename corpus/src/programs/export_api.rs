//! Exports stop when their client hangs up, except while they read the archive.

use futures::FutureExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, ending, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

/// Nobody waits on the token when it is cancelled, so the cancellation wakes nobody who could tell of it: only
/// the survivors show.
const IGNORES_THE_TOKEN: Leak = Leak::likely(&["L4", "L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "export_api",
    kind: Kind::Leaking,
    scenario: "L-01",
    about: "the cancellation token is around the first await of an export, not around the second",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    // The archive is down: it takes questions and answers none.
    let (archive, mut questions) = mpsc::unbounded_channel();
    let mut asked = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        tokio::select! {
            visitor = visitors.next() => drop(tokio::spawn(handle(visitor, archive.clone()))),
            Some(question) = questions.recv() => asked.push(question),
        }
    }
}

type Archive = mpsc::UnboundedSender<oneshot::Sender<String>>;

async fn handle(visitor: Visitor, archive: Archive) {
    let cancel = CancellationToken::new();
    let (send, mut rows) = mpsc::channel(8);
    let export = spawned(tokio::spawn(export(visitor, archive, cancel.clone(), send)));
    rows.recv().await;
    if visitor.unlucky {
        // This client has seen enough, and wanted the history too.
        cancel.cancel();
        leaks(IGNORES_THE_TOKEN, export.id());
    }
}

async fn export(
    visitor: Visitor,
    archive: Archive,
    cancel: CancellationToken,
    rows: mpsc::Sender<String>,
) {
    let _ending = ending();
    if cancel.run_until_cancelled(some_work(visitor.number)).await.is_none() {
        return;
    }
    rows.send("this year".to_owned()).await.ok();
    if visitor.unlucky {
        let (question, answer) = oneshot::channel();
        archive.send(question).ok();
        let past = waits(answer).await;
        rows.send(past.unwrap_or_default()).await.ok();
    }
}
