//! A query is scattered over shards and gathered with FuturesUnordered; offline shards are futures that never are
//! ready.

use std::future::pending;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck};
use crate::harness::{Kind, Program, Stage, Visitor};

const CHILDREN_NEVER_READY: Leak = Leak::likely(&["L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "scatter_gather",
    kind: Kind::Leaking,
    scenario: "L-27",
    about: "a FuturesUnordered whose last children can never be ready",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        spawned(tokio::spawn(query(visitor)));
    }
}

async fn query(visitor: Visitor) {
    let mut shards = FuturesUnordered::new();
    shards.push(some_work(visitor.number).boxed());
    if visitor.unlucky {
        shards.push(pending().boxed());
    }
    shards.next().await;
    if visitor.unlucky {
        stuck(CHILDREN_NEVER_READY, shards.next()).await;
    }
}
