//! Parties book two seats beside each other, the left one first; three parties at a round table.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::{Barrier, Mutex};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const RING: Leak = Leak::provable(&["P2"]);

pub(super) const PROGRAM: Program = Program {
    name: "seat_booking",
    kind: Kind::Leaking,
    scenario: "",
    about: "three tasks each hold one of three seats and wait for the next one's",
    run: |stage| run(stage).boxed_local(),
};

type Seat = Arc<Mutex<u64>>;

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let table: [Seat; 3] = Default::default();
        // Usually there is one party; on a busy day there are three, who sit down together.
        let parties = if visitor.unlucky { 3 } else { 1 };
        let together = Arc::new(Barrier::new(parties));
        for party in 0..parties {
            let seats = [table[party].clone(), table[(party + 1) % 3].clone()];
            spawned(tokio::spawn(book(visitor, seats, Arc::clone(&together))));
        }
    }
}

async fn book(visitor: Visitor, [left, right]: [Seat; 2], together: Arc<Barrier>) {
    let mut left = left.lock().await;
    some_work(visitor.number).await;
    together.wait().await;
    let mut right =
        if visitor.unlucky { stuck(RING, right.lock()).await } else { waits(right.lock()).await };
    *left += 1;
    *right += 1;
}
