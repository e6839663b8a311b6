//! An import that spawns all of its records at once.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "batch_import",
    kind: Kind::Healthy,
    scenario: "H-15",
    about: "five thousand tasks at once, each for half a minute or more",
    run: |stage| run(stage).boxed_local(),
};

const RECORDS: u64 = 5_000;

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        if visitor.number % 1_800 == 50 {
            for record in 0..RECORDS {
                tokio::spawn(import(record));
            }
        }
    }
}

/// The other side takes its time for each of them.
async fn import(record: u64) {
    sleep(Duration::from_millis(30_000 + record * 12)).await;
}
