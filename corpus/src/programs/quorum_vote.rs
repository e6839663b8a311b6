//! Three replicas vote and meet at a barrier; one that abstains goes home instead.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::Barrier;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const ONE_NEVER_ARRIVES: Leak = Leak::likely(&["L11"]);

pub(super) const PROGRAM: Program = Program {
    name: "quorum_vote",
    kind: Kind::Leaking,
    scenario: "",
    about: "a barrier for three voters where one returns early and never arrives",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let voted = Arc::new(Barrier::new(3));
        for replica in 0..3 {
            spawned(tokio::spawn(vote(visitor, replica, Arc::clone(&voted))));
        }
    }
}

async fn vote(visitor: Visitor, replica: u64, voted: Arc<Barrier>) {
    some_work(visitor.number + replica).await;
    match (visitor.unlucky, replica) {
        // It abstains.
        (true, 2) => {}
        (true, _) => {
            stuck(ONE_NEVER_ARRIVES, voted.wait()).await;
        }
        (false, _) => {
            waits(voted.wait()).await;
        }
    }
}
