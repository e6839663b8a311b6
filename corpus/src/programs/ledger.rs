//! Transfers lock the account they take from, and then the one they give to.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::{Mutex, oneshot};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck};
use crate::harness::{Kind, Program, Stage, Visitor};

const LOCK_CYCLE: Leak = Leak::provable(&["P2"]);

pub(super) const PROGRAM: Program = Program {
    name: "ledger",
    kind: Kind::Leaking,
    scenario: "L-22",
    about: "two transfers between the same accounts lock them in opposite orders",
    run: |stage| run(stage).boxed_local(),
};

type Account = Arc<Mutex<i64>>;

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (mine, yours) = (Account::default(), Account::default());
        let (told, heard) = (oneshot::channel(), oneshot::channel());
        let there = (told.0, heard.1);
        let back = (heard.0, told.1);
        spawned(tokio::spawn(transfer(visitor, [mine.clone(), yours.clone()], there)));
        if visitor.unlucky {
            spawned(tokio::spawn(transfer(visitor, [yours, mine], back)));
        }
    }
}

/// Both sides of a swap announce what they have before they take the other's.
async fn transfer(
    visitor: Visitor,
    [from, to]: [Account; 2],
    (tell, hear): (oneshot::Sender<i64>, oneshot::Receiver<i64>),
) {
    let mut from = from.lock().await;
    some_work(visitor.number).await;
    tell.send(*from).ok();
    if hear.await.is_err() {
        // Nobody swaps with us.
        *to.lock().await += 1;
        return;
    }
    let mut to = stuck(LOCK_CYCLE, to.lock()).await;
    *from -= 1;
    *to += 1;
}
