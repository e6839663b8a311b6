//! A quote that is asked for once and shared by all who want it.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "shared_quote",
    kind: Kind::Healthy,
    scenario: "",
    about: "many tasks wait for one shared future",
    run: |stage| run(stage).boxed_local(),
};

type Quote = Shared<BoxFuture<'static, u64>>;

async fn run(stage: Stage) {
    let mut quote = ask(0);
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        if visitor.number % 40 == 0 {
            quote = ask(visitor.number);
        }
        let quote = quote.clone();
        tokio::spawn(async move {
            let price = quote.await;
            some_work(price).await;
        });
    }
}

fn ask(number: u64) -> Quote {
    async move {
        sleep(Duration::from_secs(3)).await;
        number
    }
    .boxed()
    .shared()
}
