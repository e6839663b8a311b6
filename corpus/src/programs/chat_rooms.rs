//! A task for every connection forwards what is said in a room, until the room closes, which it never does.

use futures::FutureExt as _;
use tokio::sync::{broadcast, mpsc};
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const READS_ON: Leak = Leak::likely(&["L1", "L2", "L3"]);

pub(super) const PROGRAM: Program = Program {
    name: "chat_rooms",
    kind: Kind::Leaking,
    scenario: "L-10",
    about: "every connection leaves a receiver of the room behind, which a task reads for ever",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (room, _) = broadcast::channel(64);
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let request = tracing::info_span!("connection", visitor = visitor.number);
        tokio::spawn(connection(visitor, room.clone()).instrument(request));
    }
}

async fn connection(visitor: Visitor, room: broadcast::Sender<u64>) {
    let (send, mut shown) = mpsc::channel(8);
    // Guests leave the room once they do not hear it any more; members stay, wherever they are.
    let forward = spawned(tokio::spawn(forward(room.subscribe(), send, visitor.unlucky)));
    room.send(visitor.number).ok();
    shown.recv().await;
    some_work(visitor.number).await;
    if visitor.unlucky {
        leaks(READS_ON, forward.id());
    }
}

async fn forward(mut room: broadcast::Receiver<u64>, shown: mpsc::Sender<u64>, member: bool) {
    loop {
        let said = waits(room.recv()).await;
        let Ok(said) = said else { return };
        if shown.try_send(said).is_err() && !member {
            return;
        }
    }
}
