//! Goods are held until their token is cancelled, which the error path of the payment forgets.

use std::time::Duration;

use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const NEVER_CANCELLED: Leak = Leak::likely(&["L1", "L3"]);

pub(super) const PROGRAM: Program = Program {
    name: "stock_hold",
    kind: Kind::Leaking,
    scenario: "L-03",
    about: "the token of a hold is cancelled when the payment succeeds, and not when it fails",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let request = tracing::info_span!("payment", visitor = visitor.number);
        tokio::spawn(pay(visitor).instrument(request));
    }
}

async fn pay(visitor: Visitor) {
    let paid = CancellationToken::new();
    let hold = spawned(tokio::spawn(hold(paid.clone())));
    if charge(visitor).await.is_err() {
        leaks(NEVER_CANCELLED, hold.id());
        return;
    }
    paid.cancel();
}

async fn charge(visitor: Visitor) -> Result<(), &'static str> {
    some_work(visitor.number).await;
    if visitor.unlucky { Err("declined") } else { Ok(()) }
}

async fn hold(paid: CancellationToken) {
    waits(paid.cancelled()).await;
    // The goods leave the house.
    tokio::time::sleep(Duration::from_millis(1)).await;
}
