//! Leases that are held by a task, and given back by its abort.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::sleep;

use crate::harness::{Kind, Program, Stage, Visitor};

pub(super) const PROGRAM: Program = Program {
    name: "lease_holder",
    kind: Kind::Healthy,
    scenario: "H-10",
    about: "a task holds a lease in `pending()` until its owner aborts it",
    run: |stage| run(stage).boxed_local(),
};

struct Lease(Arc<AtomicU64>);

impl Lease {
    fn take(leases: &Arc<AtomicU64>) -> Self {
        leases.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(leases))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn run(stage: Stage) {
    let leases = Arc::new(AtomicU64::new(0));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(use_lease(visitor, Arc::clone(&leases)));
    }
}

async fn use_lease(visitor: Visitor, leases: Arc<AtomicU64>) {
    let holder = tokio::spawn(async move {
        let _lease = Lease::take(&leases);
        pending::<()>().await;
    });
    // After a while one of a hundred keeps its lease for longer than the others.
    let long = visitor.number > 100 && visitor.number % 100 == 7;
    sleep(if long { Duration::from_secs(12) } else { Duration::from_millis(150) }).await;
    holder.abort();
}
