//! Two peers exchange what they have, each sending all of it before it reads.

use futures::FutureExt as _;
use tokio::sync::mpsc;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, ending, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage};

const BOTH_FULL: Leak = Leak::likely(&["L6", "P6"]);

pub(super) const PROGRAM: Program = Program {
    name: "peer_sync",
    kind: Kind::Leaking,
    scenario: "L-25",
    about: "two actors send to each other until both mailboxes are full",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        // Usually there is little to tell.
        let news = if visitor.unlucky { 9 } else { 2 };
        let (there, here) = (mpsc::channel(4), mpsc::channel(4));
        for (inbox, outbox) in [(there.1, here.0), (here.1, there.0)] {
            let peer = spawned(tokio::spawn(exchange(visitor.number, news, inbox, outbox)));
            if visitor.unlucky {
                leaks(BOTH_FULL, peer.id());
            }
        }
    }
}

async fn exchange(
    number: u64,
    news: u64,
    mut inbox: mpsc::Receiver<u64>,
    outbox: mpsc::Sender<u64>,
) {
    let _ending = ending();
    some_work(number).await;
    for item in 0..news {
        waits(outbox.send(item)).await.ok();
    }
    drop(outbox);
    while inbox.recv().await.is_some() {}
}
