//! A push task for every websocket, which looks at the clock and not at the socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned, waits_below};
use crate::harness::{Kind, Program, Stage, Visitor};

const TICKS_ON: Leak = Leak::likely(&["L12", "L3"]);

pub(super) const PROGRAM: Program = Program {
    name: "live_feed",
    kind: Kind::Leaking,
    scenario: "L-02",
    about: "the ticker of a websocket goes on after a client that left without a close frame",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let request = tracing::info_span!("websocket", visitor = visitor.number);
        tokio::spawn(websocket(visitor).instrument(request));
    }
}

async fn websocket(visitor: Visitor) {
    let (sent, closed) = (Arc::new(AtomicU64::new(0)), CancellationToken::new());
    let push = spawned(tokio::spawn(push(Arc::clone(&sent), closed.clone())));
    // The client reads for a while.
    some_work(visitor.number).await;
    if visitor.unlucky {
        leaks(TICKS_ON, push.id());
    } else {
        closed.cancel();
    }
}

/// Pushes the latest price twice a second until the client says that it leaves.
async fn push(sent: Arc<AtomicU64>, closed: CancellationToken) {
    let mut ticks = interval(Duration::from_millis(500));
    loop {
        waits_below();
        tokio::select! {
            _ = ticks.tick() => sent.fetch_add(1, Ordering::Relaxed),
            () = closed.cancelled() => return,
        };
    }
}
