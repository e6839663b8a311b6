//! The task that writes the body of a response sends it in pieces; a layer between it and the client buffers.

use futures::FutureExt as _;
use tokio::sync::mpsc;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, ending, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const NOBODY_READS: Leak = Leak::likely(&["L6", "L3"]);

pub(super) const PROGRAM: Program = Program {
    name: "event_stream",
    kind: Kind::Leaking,
    scenario: "L-14",
    about: "the body of a response is sent into a channel whose receiver a middle layer keeps unread",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    // Compression keeps the bodies of clients that went away for statistics.
    let (keep, mut layer) = mpsc::unbounded_channel();
    let mut kept = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        tokio::select! {
            visitor = visitors.next() => {
                let request = tracing::info_span!("events", visitor = visitor.number);
                tokio::spawn(respond(visitor, keep.clone()).instrument(request));
            }
            Some(body) = layer.recv() => kept.push(body),
        }
    }
}

async fn respond(visitor: Visitor, layer: mpsc::UnboundedSender<mpsc::Receiver<u64>>) {
    let (send, mut body) = mpsc::channel(4);
    let writer = spawned(tokio::spawn(write(visitor, send)));
    body.recv().await;
    if visitor.unlucky {
        leaks(NOBODY_READS, writer.id());
        layer.send(body).ok();
    } else {
        while body.recv().await.is_some() {}
    }
}

async fn write(visitor: Visitor, body: mpsc::Sender<u64>) {
    let _ending = ending();
    some_work(visitor.number).await;
    for piece in 0..8 {
        if waits(body.send(piece)).await.is_err() {
            return;
        }
    }
}
