//! A service that waits for its signals, as every one does.

use futures::FutureExt as _;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "signal_handler",
    kind: Kind::Healthy,
    scenario: "H-01",
    about: "two tasks wait for signals that never come",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    tokio::spawn(async {
        ctrl_c().await.ok();
    });
    tokio::spawn(reload_on_hangup());
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
    }
}

async fn reload_on_hangup() {
    // Without signals there is nothing to reload on.
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        some_work(0).await;
    }
}
