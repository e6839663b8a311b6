//! Transfers lock two accounts, in the order they come; reports read one of them.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::{Barrier, Mutex};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, victim, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const LOCK_CYCLE: Leak = Leak::provable(&["P2"]);

pub(super) const PROGRAM: Program = Program {
    name: "ledger_report",
    kind: Kind::Leaking,
    scenario: "",
    about: "reports queue for a lock that two transfers keep from each other",
    run: |stage| run(stage).boxed_local(),
};

type Account = Arc<Mutex<u64>>;

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(day(visitor));
    }
}

async fn day(visitor: Visitor) {
    let (left, right) = (Account::default(), Account::default());
    if visitor.unlucky {
        let both = Arc::new(Barrier::new(3));
        for (from, to) in [(&left, &right), (&right, &left)] {
            let transfer = transfer(Arc::clone(from), Arc::clone(to), Arc::clone(&both));
            spawned(tokio::spawn(transfer));
        }
        both.wait().await;
    }
    spawned(tokio::spawn(report(visitor, left)));
}

async fn transfer(from: Account, to: Account, both: Arc<Barrier>) {
    let mut from = from.lock().await;
    some_work(1).await;
    both.wait().await;
    let mut to = stuck(LOCK_CYCLE, to.lock()).await;
    *from += 1;
    *to -= 1;
}

async fn report(visitor: Visitor, account: Account) {
    some_work(visitor.number).await;
    let sum = if visitor.unlucky {
        victim(&["P3"], account.lock()).await
    } else {
        waits(account.lock()).await
    };
    tracing::debug!(%sum, "reported");
}
