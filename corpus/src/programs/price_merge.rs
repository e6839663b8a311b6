//! A task merges two feeds of prices in a loop that does not look at what `recv` returns.

use futures::FutureExt as _;
use tokio::sync::{mpsc, watch};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned};
use crate::harness::{Kind, Program, Stage};

const SPINS: Leak = Leak::likely(&["L13"]);
/// Each one takes a whole core.
const ENOUGH: usize = 3;

pub(super) const PROGRAM: Program = Program {
    name: "price_merge",
    kind: Kind::Leaking,
    scenario: "L-09",
    about: "a select! loop over two feeds takes the None of a closed one for a price, at full speed",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut kept = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (fast, prices) = mpsc::channel(16);
        let (stop, stopped) = watch::channel(false);
        let merge = spawned(tokio::spawn(merge(prices, stopped))).id();
        some_work(visitor.number).await;
        fast.send(visitor.number).await.ok();
        if visitor.unlucky && kept.len() < ENOUGH {
            // The feed is torn; nobody stops the merge, which was meant to go on with another one.
            drop(fast);
            leaks(SPINS, merge);
            kept.push(stop);
        } else {
            stop.send(true).ok();
        }
    }
}

async fn merge(mut prices: mpsc::Receiver<u64>, mut stopped: watch::Receiver<bool>) {
    let mut latest = None;
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            price = prices.recv() => latest = price.or(latest),
        }
    }
}
