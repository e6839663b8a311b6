//! Generations of workers, each told to stop and given time for it.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "rolling_restart",
    kind: Kind::Healthy,
    scenario: "",
    about: "a cancelled generation finishes what it has within three seconds",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut generation = start();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        if visitor.number % 150 == 149 {
            let (stop, workers) = std::mem::replace(&mut generation, start());
            tokio::spawn(async move {
                stop.cancel();
                workers.close();
                workers.wait().await;
            });
        }
    }
}

fn start() -> (CancellationToken, TaskTracker) {
    let (stop, workers) = (CancellationToken::new(), TaskTracker::new());
    for worker in 0..6 {
        workers.spawn(work(worker, stop.clone()));
    }
    (stop, workers)
}

async fn work(worker: u64, stop: CancellationToken) {
    let mut ticks = interval(Duration::from_millis(400));
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        some_work(worker).await;
    }
    // What was begun is brought to its end.
    sleep(Duration::from_millis(500 * (worker + 1))).await;
}
