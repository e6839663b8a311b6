//! A batch waits for its tracked jobs, and is closed only where somebody cancels it.

use futures::FutureExt as _;
use tokio_util::task::TaskTracker;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const NEVER_CLOSED: Leak = Leak::likely(&["L11"]);

pub(super) const PROGRAM: Program = Program {
    name: "batch_tracker",
    kind: Kind::Leaking,
    scenario: "L-12",
    about: "TaskTracker::wait() on a tracker that nobody closed",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        spawned(tokio::spawn(batch(visitor)));
    }
}

async fn batch(visitor: Visitor) {
    let tracker = TaskTracker::new();
    for job in 0..2 {
        tracker.spawn(some_work(visitor.number + job));
    }
    if visitor.unlucky {
        stuck(NEVER_CLOSED, tracker.wait()).await;
    } else {
        tracker.close();
        waits(tracker.wait()).await;
    }
}
