//! Waits on other tasks, and on sets of futures.

use std::time::Duration;

use futures::FutureExt;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};
use tokio_util::task::TaskTracker;

use super::shape::{Here, shapes};

shapes! {
    join_handle: JoinHandle;
    spawn_blocking: JoinHandle;
    join_set: JoinSet;
    task_tracker: TaskTracker;
    futures_unordered: FuturesUnordered;
    buffer_unordered: FuturesUnordered;
    join_all: FuturesUnordered;
    shared: Shared;
}

/// Something healthy that ends after every test.
fn an_hour() -> Sleep {
    sleep(Duration::from_hours(1))
}

async fn join_handle(here: Here) {
    let task = tokio::spawn(an_hour());
    here.next_line();
    let _ = task.await;
}

async fn spawn_blocking(here: Here) {
    let (release, held) = std::sync::mpsc::channel::<()>();
    here.keep(release);
    let work = tokio::task::spawn_blocking(move || held.recv());
    here.next_line();
    let _ = work.await;
}

async fn join_set(here: Here) {
    let mut tasks = JoinSet::new();
    tasks.spawn(an_hour());
    here.next_line();
    tasks.join_next().await;
}

async fn task_tracker(here: Here) {
    let tracker = TaskTracker::new();
    tracker.spawn(an_hour());
    tracker.close();
    here.next_line();
    tracker.wait().await;
}

async fn futures_unordered(here: Here) {
    let mut set: FuturesUnordered<_> = (0..3).map(|_| an_hour()).collect();
    here.next_line();
    set.next().await;
}

async fn buffer_unordered(here: Here) {
    let mut results = futures::stream::iter(0..3).map(|_| an_hour()).buffer_unordered(2).boxed();
    here.next_line();
    results.next().await;
}

async fn join_all(here: Here) {
    here.next_line();
    futures::future::join_all((0..64).map(|_| an_hour())).await;
}

async fn shared(here: Here) {
    let (tx, rx) = futures::channel::oneshot::channel::<()>();
    let shared = rx.shared();
    here.keep((tx, shared.clone()));
    here.next_line();
    let _ = shared.await;
}
