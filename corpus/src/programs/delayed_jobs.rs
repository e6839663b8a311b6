//! A task that holds all delayed jobs as futures of its own.

use std::time::Duration;

use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "delayed_jobs",
    kind: Kind::Healthy,
    scenario: "H-18",
    about: "one task with thousands of sleeps in a `FuturesUnordered`",
    run: |stage| run(stage).boxed_local(),
};

const JOBS: u64 = 5_000;

async fn run(stage: Stage) {
    tokio::spawn(async {
        let delay = |job| sleep(Duration::from_secs(60 + job));
        let mut jobs: FuturesUnordered<_> = (0..JOBS).map(delay).collect();
        while let Some(()) = jobs.next().await {
            some_work(1).await;
        }
    });
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
    }
}
