//! A connection says goodbye in a task that its `Drop` spawns, and waits for the answer.

use futures::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const SPAWNED_ON_DROP: Leak = Leak::likely(&["L10"]);

pub(super) const PROGRAM: Program = Program {
    name: "connection_pool",
    kind: Kind::Leaking,
    scenario: "L-05",
    about: "Drop for Connection spawns a farewell that waits for a peer which says nothing",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    // Peers that have hung, their ends still open.
    let mut hung = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (stream, peer) = duplex(64);
        let request = tracing::info_span!("query", visitor = visitor.number);
        let connection = Connection { stream: Some(stream), visitor };
        tokio::spawn(query(connection).instrument(request));
        if visitor.unlucky {
            hung.push(peer);
        } else {
            tokio::spawn(answer(peer));
        }
    }
}

async fn query(connection: Connection) {
    some_work(connection.visitor.number).await;
}

/// A healthy peer says goodbye as well.
async fn answer(mut peer: DuplexStream) {
    if peer.read_u8().await.is_ok() {
        peer.write_u8(b'.').await.ok();
    }
}

struct Connection {
    stream: Option<DuplexStream>,
    visitor: Visitor,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            spawned(tokio::spawn(close(stream, self.visitor)));
        }
    }
}

async fn close(mut stream: DuplexStream, visitor: Visitor) {
    stream.write_u8(b'.').await.ok();
    if visitor.unlucky {
        stuck(SPAWNED_ON_DROP, stream.read_u8()).await.ok();
    } else {
        waits(stream.read_u8()).await.ok();
    }
}
