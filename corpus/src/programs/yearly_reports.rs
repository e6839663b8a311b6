//! Reports of which most are short and some are very long.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage, Visitor};

pub(super) const PROGRAM: Program = Program {
    name: "yearly_reports",
    kind: Kind::Healthy,
    scenario: "H-16",
    about: "one request in a hundred takes minutes, and gets on all the time",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(report(visitor));
    }
}

/// A page after the other; the whole year has many.
async fn report(visitor: Visitor) {
    let pages = if visitor.number % 100 == 42 { 600 } else { 1 };
    for page in 0..pages {
        some_work(page).await;
        if pages > 1 {
            sleep(Duration::from_millis(150)).await;
        }
    }
}
