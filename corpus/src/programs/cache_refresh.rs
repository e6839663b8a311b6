//! A stale entry is served at once and refreshed behind the back of the request.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::sleep;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage, Visitor};

pub(super) const PROGRAM: Program = Program {
    name: "cache_refresh",
    kind: Kind::Healthy,
    scenario: "H-08",
    about: "a detached task ends three seconds after the request that spawned it",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let request = tracing::info_span!("request", number = visitor.number);
        tokio::spawn(handle(visitor).instrument(request));
    }
}

async fn handle(visitor: Visitor) {
    if visitor.number.is_multiple_of(3) {
        tokio::spawn(refresh(visitor.number));
    }
    some_work(visitor.number).await;
}

async fn refresh(number: u64) {
    sleep(Duration::from_millis(2_000 + number * 37 % 2_000)).await;
    some_work(number).await;
}
