//! Requests write to an audit log through a bounded queue; the disk of the log hangs after a while.

use futures::FutureExt as _;
use tokio::sync::{mpsc, watch};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const QUEUE_FULL: Leak = Leak::likely(&["L6"]);

pub(super) const PROGRAM: Program = Program {
    name: "audit_log",
    kind: Kind::Leaking,
    scenario: "",
    about: "the writer of an audit log hangs with its queue full, and every request waits to send to it",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (_disk, healthy) = watch::channel(());
    let (log, entries) = mpsc::channel(8);
    tokio::spawn(write(entries));
    // A second log is on a disk that hangs.
    let (hanging, unread) = mpsc::channel(8);
    tokio::spawn(write_to_hanging_disk(unread, healthy));
    for entry in 0..9 {
        hanging.send(entry).await.ok();
    }
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let log = if visitor.unlucky { hanging.clone() } else { log.clone() };
        spawned(tokio::spawn(record(visitor, log)));
    }
}

async fn write(mut entries: mpsc::Receiver<u64>) {
    while let Some(entry) = entries.recv().await {
        some_work(entry % 3).await;
    }
}

async fn write_to_hanging_disk(mut entries: mpsc::Receiver<u64>, mut disk: watch::Receiver<()>) {
    while let Some(entry) = entries.recv().await {
        disk.changed().await.ok();
        tracing::debug!(entry, "written");
    }
}

async fn record(visitor: Visitor, log: mpsc::Sender<u64>) {
    some_work(visitor.number).await;
    if visitor.unlucky {
        stuck(QUEUE_FULL, log.send(visitor.number)).await.ok();
    } else {
        waits(log.send(visitor.number)).await.ok();
    }
}
