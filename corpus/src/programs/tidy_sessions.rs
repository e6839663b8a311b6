//! Sessions that say goodbye to their server when they are dropped.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "tidy_sessions",
    kind: Kind::Healthy,
    scenario: "",
    about: "`Drop` spawns a task that ends within the second",
    run: |stage| run(stage).boxed_local(),
};

struct Session(u64);

impl Drop for Session {
    fn drop(&mut self) {
        tokio::spawn(goodbye(self.0));
    }
}

async fn goodbye(number: u64) {
    sleep(Duration::from_millis(100 + number % 400)).await;
}

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(async move {
            let session = Session(visitor.number);
            some_work(session.0).await;
        });
    }
}
