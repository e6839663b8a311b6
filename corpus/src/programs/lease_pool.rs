//! A pool of leases counts them with a semaphore, and gives a permit back in the `Drop` of a lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const PERMITS_LOST: Leak = Leak::likely(&["L8"]);
const LEASES: usize = 4;

pub(super) const PROGRAM: Program = Program {
    name: "lease_pool",
    kind: Kind::Leaking,
    scenario: "L-18",
    about: "get() is cancelled between taking a permit and making the guard that gives it back",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let pool = Arc::new(Pool { permits: Semaphore::new(LEASES), lost: AtomicUsize::new(0) });
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        spawned(tokio::spawn(handle(visitor, Arc::clone(&pool))));
    }
}

async fn handle(visitor: Visitor, pool: Arc<Pool>) {
    if visitor.unlucky && pool.lost.load(Ordering::SeqCst) < LEASES {
        // This one is impatient.
        timeout(Duration::from_millis(100), pool.get(true)).await.ok();
    } else {
        let _lease = pool.get(false).await;
        some_work(visitor.number).await;
    }
}

struct Pool {
    permits: Semaphore,
    lost: AtomicUsize,
}

impl Pool {
    async fn get(&self, slow_check: bool) -> Lease<'_> {
        let drained = self.lost.load(Ordering::SeqCst) == LEASES;
        let permit = if drained {
            stuck(PERMITS_LOST, self.permits.acquire()).await
        } else {
            waits(self.permits.acquire()).await
        };
        // The lease will give it back. There is none yet.
        permit.expect("the semaphore is never closed").forget();
        if slow_check {
            self.lost.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_hours(1)).await;
        }
        Lease(self)
    }
}

struct Lease<'a>(&'a Pool);

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.0.permits.add_permits(1);
    }
}
