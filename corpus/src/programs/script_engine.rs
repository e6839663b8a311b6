//! Scripts run in a `LocalSet` until their main function returns; what they left in it is woken and never polled.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::task::LocalSet;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, ending, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage};

const NOT_DRIVEN: Leak = Leak::provable(&["P7"]).asking(Duration::from_secs(10));

pub(super) const PROGRAM: Program = Program {
    name: "script_engine",
    kind: Kind::Leaking,
    scenario: "L-28",
    about: "a LocalSet is kept and not driven any more, with a task in it that has been woken",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    // Kept for the next call of the script.
    let mut engines = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let engine = LocalSet::new();
        let flush = engine.run_until(script(visitor.number)).await;
        if visitor.unlucky {
            leaks(NOT_DRIVEN, flush.id());
            engines.push(engine);
        } else {
            engine.await;
        }
    }
}

async fn script(number: u64) -> tokio::task::JoinHandle<()> {
    let flush = spawned(tokio::task::spawn_local(flush()));
    some_work(number % 5).await;
    flush
}

async fn flush() {
    let _ending = ending();
    waits(sleep(Duration::from_millis(50))).await;
    tracing::debug!("output flushed");
}
