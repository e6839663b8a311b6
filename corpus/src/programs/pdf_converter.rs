//! Documents are converted by blocking code that waits for the answer of a program that may hang.

use std::sync::mpsc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::harness::truth::{Leak, leaks, spawned};
use crate::harness::{Kind, Program, Stage, Visitor};

const BLOCKS_ON: Leak = Leak::likely(&["L14"]);

pub(super) const PROGRAM: Program = Program {
    name: "pdf_converter",
    kind: Kind::Leaking,
    scenario: "",
    about: "a timeout around spawn_blocking ends the waiting, not the thread that waits for a converter",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    // The pipes to converters that hang.
    let mut hanging = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (pages, answer) = mpsc::channel();
        if visitor.unlucky {
            hanging.push(pages);
        } else {
            pages.send(visitor.number).ok();
        }
        tokio::spawn(convert(visitor, answer));
    }
}

async fn convert(visitor: Visitor, answer: mpsc::Receiver<u64>) {
    let conversion = spawned(spawn_blocking(move || answer.recv()));
    let thread = conversion.id();
    if visitor.unlucky {
        leaks(BLOCKS_ON, thread);
    }
    if timeout(Duration::from_millis(300), conversion).await.is_err() {
        tracing::debug!("the conversion took too long");
    }
}
