//! Calls that are given up after a while, and really end then.

use std::future::pending;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage, Visitor};

pub(super) const PROGRAM: Program = Program {
    name: "bounded_calls",
    kind: Kind::Healthy,
    scenario: "",
    about: "a call that takes too long is aborted by its caller",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(request(visitor));
    }
}

async fn request(visitor: Visitor) {
    let call = AbortOnDropHandle::new(tokio::spawn(call(visitor)));
    timeout(Duration::from_secs(3), call).await.ok();
}

/// The other side never answers one in ten.
async fn call(visitor: Visitor) {
    some_work(visitor.number).await;
    if visitor.unlucky || visitor.number % 10 == 4 {
        pending::<()>().await;
    }
}
