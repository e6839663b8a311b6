//! Swaps that lock in opposite orders, and give up after a while.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage, Visitor};

pub(super) const PROGRAM: Program = Program {
    name: "swap_with_timeout",
    kind: Kind::Healthy,
    scenario: "H-14",
    about: "what looks like a lock cycle is broken by a timer",
    run: |stage| run(stage).boxed_local(),
};

type Account = Arc<Mutex<u64>>;

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (mine, yours) = (Account::default(), Account::default());
        tokio::spawn(swap(visitor, [mine.clone(), yours.clone()]));
        if visitor.number.is_multiple_of(10) {
            tokio::spawn(swap(visitor, [yours, mine]));
        }
    }
}

async fn swap(visitor: Visitor, [from, to]: [Account; 2]) {
    loop {
        let mut from = from.lock().await;
        some_work(visitor.number).await;
        // Whoever gives up lets go of its first lock too, so the other one gets on.
        let patience = Duration::from_secs(9 + visitor.number % 7);
        if let Ok(mut to) = timeout(patience, to.lock()).await {
            std::mem::swap(&mut *from, &mut *to);
            return;
        }
    }
}
