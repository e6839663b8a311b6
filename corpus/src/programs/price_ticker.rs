//! Prices for every subscriber, who all keep up.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::broadcast;
use tokio::time::interval;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "price_ticker",
    kind: Kind::Healthy,
    scenario: "",
    about: "subscribers of a broadcast live for ever and hear something each second",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (prices, _) = broadcast::channel(16);
    let mut visitors = stage.visitors();
    let feed = prices.clone();
    tokio::spawn(async move {
        let mut ticks = interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
            feed.send(1).ok();
        }
    });
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        if visitor.number < 60 {
            tokio::spawn(subscribe(prices.subscribe()));
        }
    }
}

async fn subscribe(mut prices: broadcast::Receiver<u64>) {
    while let Ok(price) = prices.recv().await {
        some_work(price).await;
    }
}
