//! Tenants are loaded by the first request that needs them, in a `OnceCell`.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::{OnceCell, mpsc, oneshot};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, ending, spawned, stuck, victim};
use crate::harness::{Kind, Program, Stage, Visitor};

const NEVER_LOADED: Leak = Leak::likely(&["L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "lazy_tenants",
    kind: Kind::Leaking,
    scenario: "L-29",
    about: "the first caller initialises a OnceCell and never gets the answer; the others queue behind it",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    // The store answers for the tenants it has.
    let (store, mut asked) = mpsc::unbounded_channel();
    let mut waiting = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        tokio::select! {
            visitor = visitors.next() => {
                let tenant = Arc::new(OnceCell::new());
                spawned(tokio::spawn(load(visitor, Arc::clone(&tenant), store.clone())));
                tokio::spawn(first_requests(visitor, tenant));
            }
            Some(question) = asked.recv() => waiting.push(question),
        }
    }
}

type Tenant = Arc<OnceCell<u64>>;

async fn load(
    visitor: Visitor,
    tenant: Tenant,
    store: mpsc::UnboundedSender<oneshot::Sender<u64>>,
) {
    let init = async {
        if visitor.unlucky {
            let (question, answer) = oneshot::channel();
            store.send(question).ok();
            stuck(NEVER_LOADED, answer).await.ok();
        }
        visitor.number
    };
    tenant.get_or_init(|| init).await;
}

async fn first_requests(visitor: Visitor, tenant: Tenant) {
    some_work(visitor.number).await;
    for _ in 0..2 {
        spawned(tokio::spawn(request(visitor, Arc::clone(&tenant))));
    }
}

async fn request(visitor: Visitor, tenant: Tenant) {
    let _ending = ending();
    let load = || async { visitor.number };
    if visitor.unlucky && tenant.get().is_none() {
        victim(&["L8", "P3"], tenant.get_or_init(load)).await;
    } else {
        tenant.get_or_init(load).await;
    }
}
