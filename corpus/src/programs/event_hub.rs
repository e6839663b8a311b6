//! Subscriptions leave a waker with a hub when they begin to wait, and the hub never forgets one.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures::FutureExt as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, leaks, spawned};
use crate::harness::{Kind, Program, Stage, Visitor};

const PINNED: Leak = Leak::provable(&["P8"]).asking(Duration::from_mins(1));

pub(super) const PROGRAM: Program = Program {
    name: "event_hub",
    kind: Kind::Leaking,
    scenario: "",
    about: "finished subscriptions stay in memory because the hub keeps the wakers they left",
    run: |stage| run(stage).boxed_local(),
};

type Hub = Arc<Mutex<Vec<Waker>>>;

async fn run(stage: Stage) {
    let hub = Hub::default();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let subscription = spawned(tokio::spawn(subscribe(visitor, Arc::clone(&hub))));
        let task = subscription.id();
        subscription.await.ok();
        if visitor.unlucky {
            leaks(PINNED, task);
        }
    }
}

async fn subscribe(visitor: Visitor, hub: Hub) {
    // What is read so far; it lives in the future.
    let buffer = [visitor.number as u8; 16 * 1024];
    let event = poll_fn(|cx| {
        if visitor.unlucky {
            hub.lock().unwrap_or_else(PoisonError::into_inner).push(cx.waker().clone());
        }
        Poll::<()>::Pending
    });
    tokio::select! {
        () = event => {}
        // The client does not wait for long.
        () = some_work(visitor.number) => {}
    }
    tracing::debug!(bytes = buffer.len(), "closed");
}
