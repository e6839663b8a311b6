//! An actor for every tenant, most of them idle.

use futures::FutureExt as _;
use tokio::sync::mpsc;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "tenants",
    kind: Kind::Healthy,
    scenario: "H-17",
    about: "three hundred actors wait for messages that seldom come",
    run: |stage| run(stage).boxed_local(),
};

const TENANTS: usize = 300;

async fn run(stage: Stage) {
    let tenants: Vec<_> = (0..TENANTS)
        .map(|_| {
            let (send, inbox) = mpsc::channel(8);
            tokio::spawn(serve(inbox));
            send
        })
        .collect();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        // A few of them do nearly all the business.
        let tenant = if visitor.number % 100 == 0 { visitor.number as usize } else { 7 };
        tenants[tenant % TENANTS].send(visitor.number).await.ok();
    }
}

async fn serve(mut inbox: mpsc::Receiver<u64>) {
    while let Some(message) = inbox.recv().await {
        some_work(message).await;
    }
}
