//! A shelf is counted under its lock, with the help of an actor that looks at the shelf.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const LOCK_ACROSS_A_QUESTION: Leak = Leak::likely(&["L7", "L1", "P6"]);

pub(super) const PROGRAM: Program = Program {
    name: "inventory",
    kind: Kind::Leaking,
    scenario: "L-24",
    about: "a task holds a lock while it awaits the answer of an actor that needs the lock",
    run: |stage| run(stage).boxed_local(),
};

type Shelf = Arc<Mutex<u64>>;
type Question = (Visitor, Shelf, oneshot::Sender<u64>);

async fn run(stage: Stage) {
    let (ask, mut asked) = mpsc::channel::<Question>(16);
    tokio::spawn(async move {
        while let Some((visitor, shelf, reply)) = asked.recv().await {
            spawned(tokio::spawn(count(visitor, shelf, reply)));
        }
    });
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        spawned(tokio::spawn(check(visitor, ask.clone())));
    }
}

async fn check(visitor: Visitor, ask: mpsc::Sender<Question>) {
    let shelf = Shelf::default();
    let (reply, answer) = oneshot::channel();
    let mut expected = shelf.lock().await;
    some_work(visitor.number).await;
    ask.send((visitor, Arc::clone(&shelf), reply)).await.ok();
    if visitor.unlucky {
        *expected = stuck(LOCK_ACROSS_A_QUESTION, answer).await.unwrap_or_default();
    } else {
        drop(expected);
        waits(answer).await.ok();
    }
}

async fn count(visitor: Visitor, shelf: Shelf, reply: oneshot::Sender<u64>) {
    let pieces = if visitor.unlucky {
        stuck(LOCK_ACROSS_A_QUESTION, shelf.lock()).await
    } else {
        waits(shelf.lock()).await
    };
    reply.send(*pieces).ok();
}
