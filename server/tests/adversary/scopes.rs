//! Wakers that are cloned where the agent cannot see it: under another dispatcher.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, mpsc as threads};
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::{NoSubscriber, set_default, with_default};

use super::stage::{Attempt, Stage};

pub(crate) const ATTEMPTS: &[Attempt] =
    &[around_the_future, around_a_part_of_it, in_a_poll, on_the_thread_that_clones, on_a_worker];

fn around_the_future(stage: &Stage) {
    let (tx, rx) = oneshot::channel::<()>();
    let waits = async { _ = rx.await };
    stage.spawn("around_the_future", waits.with_subscriber(NoSubscriber::new()));
    stage.at_last(move || tx.send(()).unwrap());
}

/// The waker that is seen is dropped; the other is not.
fn around_a_part_of_it(stage: &Stage) {
    let (tx, rx) = oneshot::channel::<()>();
    let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let seen = poll_fn(move |context: &mut Context<'_>| {
        *keep.lock().unwrap() = Some(context.waker().clone());
        Poll::<()>::Pending
    });
    stage.spawn("around_a_part_of_it", async {
        let mut unseen =
            std::pin::pin!(async { _ = rx.await }.with_subscriber(NoSubscriber::new()));
        let mut seen = std::pin::pin!(seen);
        poll_fn(|context| {
            assert!(seen.as_mut().poll(context).is_pending());
            unseen.as_mut().poll(context)
        })
        .await;
    });
    while kept.lock().unwrap().take().is_none() {
        std::thread::yield_now();
    }
    stage.at_last(move || tx.send(()).unwrap());
}

fn in_a_poll(stage: &Stage) {
    let (tx, rx) = oneshot::channel::<()>();
    let mut rx = Box::pin(rx);
    stage.spawn("in_a_poll", async move {
        let _ = poll_fn(|context| {
            let _scoped = set_default(NoSubscriber::new());
            rx.as_mut().poll(context)
        })
        .await;
    });
    stage.at_last(move || tx.send(()).unwrap());
}

fn on_the_thread_that_clones(stage: &Stage) {
    let (tx, rx) = threads::channel::<Waker>();
    let go = Arc::new(Mutex::new(false));
    let may_go = Arc::clone(&go);
    let (end, ended) = threads::channel::<()>();
    std::thread::spawn(move || {
        let seen = rx.recv().unwrap();
        let unseen = with_default(NoSubscriber::new(), || seen.clone());
        drop(seen);
        let _ = ended.recv();
        *may_go.lock().unwrap() = true;
        unseen.wake();
    });
    let task = poll_fn(move |context: &mut Context<'_>| {
        if *go.lock().unwrap() {
            return Poll::Ready(());
        }
        tx.send(context.waker().clone()).unwrap();
        Poll::Pending
    });
    stage.spawn("on_the_thread_that_clones", task);
    stage.at_last(move || drop(end));
}

fn on_a_worker(stage: &Stage) {
    let (runtime, wakes) = (
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap(),
        oneshot::channel::<()>(),
    );
    let (set, is_set) = threads::channel();
    runtime.spawn(async move {
        std::mem::forget(set_default(NoSubscriber::new()));
        set.send(()).unwrap();
    });
    is_set.recv().unwrap();
    let (tx, rx) = wakes;
    stage.spawn_on(runtime.handle(), "on_a_worker", async { _ = rx.await });
    stage.at_last(move || tx.send(()).unwrap());
    std::mem::forget(runtime);
}
