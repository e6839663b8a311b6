//! Servers come and go with their tenants; each has a task that waits for the process to shut down.

use futures::FutureExt as _;
use tokio::sync::watch;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage};

const OUTLIVES_ITS_SERVER: Leak = Leak::likely(&["L2"]);

pub(super) const PROGRAM: Program = Program {
    name: "tenant_servers",
    kind: Kind::Leaking,
    scenario: "L-15",
    about: "each server of a tenant leaves a task that waits for a shutdown of the whole process",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (_shutdown, stopping) = watch::channel(false);
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        if !visitor.unlucky {
            continue;
        }
        // A tenant is served, and moves away.
        let server = tokio::spawn(some_work(visitor.number));
        let on_shutdown = spawned(tokio::spawn(on_shutdown(stopping.clone()))).id();
        server.await.ok();
        leaks(OUTLIVES_ITS_SERVER, on_shutdown);
    }
}

async fn on_shutdown(mut stopping: watch::Receiver<bool>) {
    if waits(stopping.changed()).await.is_ok() {
        tracing::debug!("the tenant's server stops accepting");
    }
}
