//! Actors that ask each other and answer.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "actor_ask",
    kind: Kind::Healthy,
    scenario: "",
    about: "requests wait for an answer over a oneshot channel, which always comes",
    run: |stage| run(stage).boxed_local(),
};

type Question = (u64, oneshot::Sender<u64>);

async fn run(stage: Stage) {
    let (prices, inbox) = mpsc::channel(32);
    tokio::spawn(answer(inbox));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let prices = prices.clone();
        tokio::spawn(async move {
            let (reply, price) = oneshot::channel();
            prices.send((visitor.number, reply)).await.ok();
            price.await.ok();
        });
    }
}

/// The cashier goes for lunch now and then: then all wait for seconds.
async fn answer(mut inbox: mpsc::Receiver<Question>) {
    while let Some((question, reply)) = inbox.recv().await {
        some_work(question).await;
        if question % 500 == 100 {
            sleep(Duration::from_secs(8)).await;
        }
        reply.send(question * 2).ok();
    }
}
