//! A session reads events until all senders are gone, and is a sender itself.

use futures::FutureExt as _;
use tokio::sync::mpsc;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const OWN_SENDER: Leak = Leak::likely(&["L1", "L2", "L5", "P6"]);

pub(super) const PROGRAM: Program = Program {
    name: "event_bus",
    kind: Kind::Leaking,
    scenario: "L-08",
    about: "the receiver of a session keeps a sender of its own channel, so the channel never closes",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (send, events) = mpsc::channel(16);
        // Sessions that may reconnect send themselves the news of it.
        let own = visitor.unlucky.then(|| send.clone());
        let session = spawned(tokio::spawn(session(events, own)));
        tokio::spawn(produce(visitor, send, session.id()));
    }
}

async fn session(mut events: mpsc::Receiver<u64>, _reconnect: Option<mpsc::Sender<u64>>) {
    while let Some(event) = waits(events.recv()).await {
        tracing::debug!(event, "seen");
    }
}

async fn produce(visitor: Visitor, events: mpsc::Sender<u64>, session: tokio::task::Id) {
    for event in 0..3 {
        some_work(visitor.number + event).await;
        events.send(event).await.ok();
    }
    drop(events);
    if visitor.unlucky {
        leaks(OWN_SENDER, session);
    }
}
