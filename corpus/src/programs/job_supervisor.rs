//! The last job of a batch joins the handles of the batch, and its own may be among them.

use futures::FutureExt as _;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

/// Whose end a join handle tells is known of a parent with one child alone; of this one only that it survives.
const JOINS_ITSELF: Leak = Leak::likely(&["P5", "L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "job_supervisor",
    kind: Kind::Leaking,
    scenario: "",
    about: "a job is given its own handle, to wait for the end of all jobs including itself",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (give, handles) = oneshot::channel();
        let other = tokio::spawn(some_work(visitor.number));
        let last = spawned(tokio::spawn(last_job(visitor, handles)));
        give.send(if visitor.unlucky { last } else { other }).ok();
    }
}

async fn last_job(visitor: Visitor, handles: oneshot::Receiver<JoinHandle<()>>) {
    let Ok(job) = handles.await else { return };
    if visitor.unlucky {
        stuck(JOINS_ITSELF, job).await.ok();
    } else {
        waits(job).await.ok();
    }
}
