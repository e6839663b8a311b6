//! Requests are measured, and wait until their figures are exported, where there is an exporter.

use std::future::pending;

use futures::FutureExt as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck};
use crate::harness::{Kind, Program, Stage, Visitor};

const WAITS_FOR_NOTHING: Leak = Leak::provable(&["P1"]);

pub(super) const PROGRAM: Program = Program {
    name: "optional_export",
    kind: Kind::Leaking,
    scenario: "",
    about: "an export that is switched off is pending() instead of nothing",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        spawned(tokio::spawn(measure(visitor)));
    }
}

async fn measure(visitor: Visitor) {
    some_work(visitor.number).await;
    if visitor.unlucky {
        // A tenant without an exporter.
        stuck(WAITS_FOR_NOTHING, pending::<()>()).await;
    } else {
        some_work(visitor.number + 3).await;
    }
}
