//! Calls wait for their reply in a map; the reader of replies forgets those it cannot parse.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use tokio::sync::{mpsc, oneshot};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const NEVER_ANSWERED: Leak = Leak::likely(&["L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "rpc_client",
    kind: Kind::Leaking,
    scenario: "L-07",
    about: "the reply's sender stays in the map of pending calls after an early return",
    run: |stage| run(stage).boxed_local(),
};

type Pending = Arc<Mutex<HashMap<u64, oneshot::Sender<u64>>>>;

async fn run(stage: Stage) {
    let pending = Pending::default();
    let (send, frames) = mpsc::channel(16);
    tokio::spawn(read_replies(Arc::clone(&pending), frames));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        spawned(tokio::spawn(call(visitor, Arc::clone(&pending), send.clone())));
    }
}

async fn call(visitor: Visitor, pending: Pending, server: mpsc::Sender<Visitor>) {
    let (reply, answer) = oneshot::channel();
    pending.lock().unwrap_or_else(PoisonError::into_inner).insert(visitor.number, reply);
    server.send(visitor).await.ok();
    if visitor.unlucky {
        stuck(NEVER_ANSWERED, answer).await.ok();
    } else {
        waits(answer).await.ok();
    }
}

async fn read_replies(pending: Pending, mut frames: mpsc::Receiver<Visitor>) {
    while let Some(frame) = frames.recv().await {
        some_work(frame.number).await;
        deliver(&pending, frame);
    }
}

fn deliver(pending: &Pending, frame: Visitor) -> Option<()> {
    // A frame of a newer version: skipped, and its call with it.
    let payload = (!frame.unlucky).then_some(frame.number)?;
    let reply = pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&payload)?;
    reply.send(payload).ok()
}
