//! A transfer waits for its confirmation by a second person, with the transaction open.

use std::collections::HashMap;

use futures::FutureExt as _;
use tokio::sync::{mpsc, watch};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const NEVER_CONFIRMED: Leak = Leak::likely(&["L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "bank_transfer",
    kind: Kind::Leaking,
    scenario: "L-20",
    about: "a transaction stays open in a task that waits for a confirmation nobody sends",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (ask, mut asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut open = HashMap::new();
        while let Some((visitor, confirm)) = asked.recv().await {
            confirm_soon(visitor, confirm, &mut open).await;
        }
    });
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        spawned(tokio::spawn(transfer(visitor, ask.clone())));
    }
}

type Confirm = watch::Sender<bool>;

async fn confirm_soon(visitor: Visitor, confirm: Confirm, open: &mut HashMap<u64, Confirm>) {
    some_work(visitor.number).await;
    if visitor.unlucky {
        // The clerk went home with the mail unread.
        open.insert(visitor.number, confirm);
    } else {
        confirm.send(true).ok();
    }
}

/// What is written and not committed.
struct Transaction(Vec<u64>);

async fn transfer(visitor: Visitor, ask: mpsc::UnboundedSender<(Visitor, Confirm)>) {
    let transaction = Transaction(vec![visitor.number; 64]);
    let (confirm, mut confirmed) = watch::channel(false);
    ask.send((visitor, confirm)).ok();
    if visitor.unlucky {
        stuck(NEVER_CONFIRMED, confirmed.changed()).await.ok();
    } else {
        waits(confirmed.changed()).await.ok();
    }
    tracing::debug!(rows = transaction.0.len(), "committed");
}
