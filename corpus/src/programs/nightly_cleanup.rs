//! Jobs that run once a night, a task each.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "nightly_cleanup",
    kind: Kind::Healthy,
    scenario: "H-02",
    about: "twelve tasks sleep for hours",
    run: |stage| run(stage).boxed_local(),
};

const JOBS: u64 = 12;

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    // The jobs are set up by the first one who asks for them, not at start.
    let mut jobs = 0..JOBS;
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        if let Some(job) = jobs.next() {
            tokio::spawn(every_night(job));
        }
    }
}

async fn every_night(job: u64) {
    loop {
        sleep(Duration::from_hours(6) + Duration::from_mins(job)).await;
        some_work(job).await;
    }
}
