//! Requests wait for a warm cache, which tells all waiters once, and not those who come later.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::Notify;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const MISSED_THE_CALL: Leak = Leak::likely(&["L1", "L5"]);

pub(super) const PROGRAM: Program = Program {
    name: "cache_warmup",
    kind: Kind::Leaking,
    scenario: "",
    about: "a task begins to wait after notify_waiters, which only wakes those who wait already",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        request(visitor);
    }
}

fn request(visitor: Visitor) {
    let warm = Arc::new(Notify::new());
    if visitor.unlucky {
        // The cache was quick.
        warm.notify_waiters();
    } else {
        // A permit is kept for whoever comes.
        warm.notify_one();
    }
    spawned(tokio::spawn(answer(visitor, warm)));
}

async fn answer(visitor: Visitor, warm: Arc<Notify>) {
    some_work(visitor.number).await;
    if visitor.unlucky {
        stuck(MISSED_THE_CALL, warm.notified()).await;
    } else {
        waits(warm.notified()).await;
    }
}
