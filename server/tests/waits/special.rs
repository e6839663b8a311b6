//! Waits that need more than a shape: nested calls, futures of other crates, tasks that cannot move.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures::future::abortable;
use futures::{StreamExt as _, stream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{LocalSet, consume_budget, yield_now};

use super::corpus::shape::Here;

/// Waits in another async function, through a box.
pub(crate) async fn outer(here: Here) {
    let (tx, rx) = oneshot::channel();
    here.keep(tx);
    here.next_line();
    Box::pin(inner(here, rx)).await;
}

async fn inner(here: Here, rx: oneshot::Receiver<()>) {
    here.next_line();
    let _ = rx.await;
}

/// A future that keeps a waker by itself.
struct HandWritten {
    waker: Arc<Mutex<Option<Waker>>>,
}

impl Future for HandWritten {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        *self.waker.lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    }
}

pub(crate) async fn hand_written(here: Here) {
    let waker = Arc::default();
    here.keep(Arc::clone(&waker));
    here.next_line();
    HandWritten { waker }.await;
}

pub(crate) async fn of_another_crate(here: Here) {
    let (never, handle) = abortable(pending::<()>());
    here.keep(handle);
    here.next_line();
    let _ = never.await;
}

pub(crate) async fn local_set(here: Here) {
    let set = LocalSet::new();
    set.spawn_local(pending::<()>());
    here.next_line();
    set.await;
}

pub(crate) async fn yields(here: Here) {
    here.next_line();
    yield_now().await;
    pending::<()>().await;
}

pub(crate) async fn yields_when_its_budget_is_used_up(here: Here) {
    // One line, so that it is the place wherever the budget ends.
    here.next_line();
    stream::iter(0..10_000).for_each(|_| consume_budget()).await;
}

pub(crate) async fn uses_up_its_budget(here: Here) {
    let (tx, mut rx) = mpsc::unbounded_channel();
    (0..10_000).for_each(|_| tx.send(()).unwrap());
    here.keep(tx);
    here.next_line();
    while rx.recv().await.is_some() {}
}
