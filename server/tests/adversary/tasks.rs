//! Tasks that wait for each other, and runtimes within runtimes.

use std::rc::Rc;
use std::sync::mpsc as threads;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all, select_all};
use futures::stream::{self, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

use super::stage::{Attempt, Stage};

pub(crate) const ATTEMPTS: &[Attempt] = &[
    a_handle_polled_by_two_tasks,
    a_runtime_within_a_blocking_task,
    a_thread_that_blocks_on_a_handle,
    a_local_set_within_a_task,
    a_local_set_run_for_a_while,
    a_runtime_that_is_not_driven_for_a_while,
    sets_of_futures,
    a_shared_future,
    a_budget_used_up,
    a_blocked_place,
    a_runtime_shut_down_in_the_background,
    a_pipe,
    children_of_a_child,
];

/// The handle's first waiter passes it on, and waits for the second.
fn a_handle_polled_by_two_tasks(stage: &Stage) {
    const NAME: &str = "a_handle_polled_by_two_tasks";
    let (signal, others) = (stage.signal(), stage.clone());
    let mut handle = stage.spawn(&format!("{NAME}: awaited"), async move { _ = signal.await });
    stage.spawn(NAME, async move {
        assert!(futures::poll!(&mut handle).is_pending());
        let second = others.spawn(&format!("{NAME}: second"), async move { handle.await.unwrap() });
        second.await.unwrap();
    });
}

fn a_runtime_within_a_blocking_task(stage: &Stage) {
    const NAME: &str = "a_runtime_within_a_blocking_task";
    let (signal, inner) = (stage.signal(), stage.clone());
    stage.spawn(NAME, async move {
        let blocking = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let task = inner.spawn_on(runtime.handle(), &format!("{NAME}: inner"), async move {
                let _ = signal.await;
            });
            runtime.block_on(task).unwrap();
        });
        blocking.await.unwrap();
    });
}

fn a_thread_that_blocks_on_a_handle(stage: &Stage) {
    let (runtime, signal) = (stage.runtime().clone(), stage.signal());
    let (tx, mut rx) = mpsc::channel::<()>(1);
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let _ = signal.await;
            tx.send(()).await.unwrap();
        });
    });
    stage.spawn("a_thread_that_blocks_on_a_handle", async move { _ = rx.recv().await });
}

fn a_local_set_within_a_task(stage: &Stage) {
    const NAME: &str = "a_local_set_within_a_task";
    let (signal, inner) = (stage.signal(), stage.clone());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        LocalSet::new().block_on(&runtime, async move {
            let set = LocalSet::new();
            let stage = inner.clone();
            let lock = Rc::new(tokio::sync::Mutex::new(()));
            set.spawn_local(async move {
                let (held, queued) = (Rc::clone(&lock), lock);
                stage.spawn_local(&format!("{NAME}: holder"), async move {
                    let _guard = held.lock().await;
                    let _ = signal.await;
                });
                tokio::task::yield_now().await;
                stage.spawn_local(&format!("{NAME}: waiter"), async move {
                    drop(queued.lock().await);
                });
            });
            inner.spawn_local(NAME, set).await.unwrap();
        });
    });
}

/// Driven, then not, then driven again.
fn a_local_set_run_for_a_while(stage: &Stage) {
    const NAME: &str = "a_local_set_run_for_a_while";
    let (signal, inner) = (stage.signal(), stage.clone());
    let (end, ended) = threads::channel::<()>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let set = LocalSet::new();
        let (tx, rx) = oneshot::channel::<()>();
        set.block_on(&runtime, async move {
            inner.spawn_local(NAME, async move {
                let _ = signal.await;
                tx.send(()).unwrap();
            });
            tokio::task::yield_now().await;
        });
        let _ = ended.recv();
        set.block_on(&runtime, rx).unwrap();
    });
    stage.at_last(move || drop(end));
}

fn a_runtime_that_is_not_driven_for_a_while(stage: &Stage) {
    const NAME: &str = "a_runtime_that_is_not_driven_for_a_while";
    let (signal, inner) = (stage.signal(), stage.clone());
    let (end, ended) = threads::channel::<()>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (wake, woken) = oneshot::channel::<()>();
        let task = inner.spawn_on(runtime.handle(), NAME, async move {
            let _ = woken.await;
            let _ = signal.await;
        });
        runtime.block_on(tokio::task::yield_now());
        // It is due from here on.
        wake.send(()).unwrap();
        let _ = ended.recv();
        runtime.block_on(task).unwrap();
    });
    stage.at_last(move || drop(end));
}

fn sets_of_futures(stage: &Stage) {
    let (tx, rx) = oneshot::channel::<()>();
    let unseen = stage.signal();
    let lock = std::sync::Arc::new(tokio::sync::Mutex::new(()));
    stage.spawn("sets_of_futures: join_all", async move {
        let _guard = lock.lock().await;
        let own: BoxFuture<'_, ()> = async { _ = futures::poll!(Box::pin(lock.lock())) }.boxed();
        join_all([async { _ = rx.await }.boxed(), async { _ = unseen.await }.boxed(), own]).await;
    });
    stage.at_last(move || tx.send(()).unwrap());
    let (tx, rx) = oneshot::channel::<()>();
    stage.spawn("sets_of_futures: select_all", async move {
        let never = std::future::pending::<()>().boxed();
        select_all([async { _ = rx.await }.boxed(), never]).await;
    });
    stage.at_last(move || tx.send(()).unwrap());
    let unseen = stage.signal();
    stage.spawn("sets_of_futures: buffer_unordered", async move {
        let never = std::future::pending::<()>().boxed();
        let futures = [never, async { _ = unseen.await }.boxed()];
        stream::iter(futures).buffer_unordered(2).next().await;
    });
}

/// The task that polls it first passes its turn on to the next.
fn a_shared_future(stage: &Stage) {
    let shared = stage.signal().shared();
    for name in ["a_shared_future: first", "a_shared_future: second", "a_shared_future: third"] {
        let shared = shared.clone();
        stage.spawn(name, async move { _ = shared.await });
    }
}

fn a_budget_used_up(stage: &Stage) {
    let (tx, mut rx) = mpsc::unbounded_channel();
    (0..10_000).for_each(|_| tx.send(()).unwrap());
    let (signal, second) = (stage.signal(), stage.signal());
    stage.spawn("a_budget_used_up", async move {
        for _ in 0..10_000 {
            rx.recv().await;
        }
        let _ = signal.await;
    });
    stage.spawn(
        "a_budget_used_up: unconstrained",
        tokio::task::unconstrained(async move {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let _ = second.await;
        }),
    );
    stage.at_last(move || drop(tx));
}

/// A task that occupies its worker, and one that waits for it.
fn a_blocked_place(stage: &Stage) {
    let (end, ended) = threads::channel::<()>();
    let (tx, rx) = oneshot::channel();
    stage.spawn("a_blocked_place", async move {
        tokio::task::block_in_place(|| ended.recv().unwrap_err());
        tx.send(()).unwrap();
    });
    stage.spawn("a_blocked_place: waiter", async move { rx.await.unwrap() });
    stage.at_last(move || drop(end));
}

fn a_runtime_shut_down_in_the_background(stage: &Stage) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (tx, rx) = oneshot::channel::<()>();
    let kept = stage.signal();
    runtime.spawn(async move {
        let _ = kept.await;
        drop(tx);
    });
    stage.spawn("a_runtime_shut_down_in_the_background", async move { _ = rx.await });
    stage.at_last(move || runtime.shutdown_background());
}

fn a_pipe(stage: &Stage) {
    use std::io::Write;

    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    stage.spawn("a_pipe", async move {
        let stream = tokio::net::UnixStream::from_std(theirs).unwrap();
        stream.readable().await.unwrap();
    });
    stage.at_last(move || ours.write_all(b"x").unwrap());
}

/// Its only child is not the one that it waits for.
fn children_of_a_child(stage: &Stage) {
    const NAME: &str = "children_of_a_child";
    let (signal, others) = (stage.signal(), stage.clone());
    let awaited = stage.spawn(&format!("{NAME}: awaited"), async move { _ = signal.await });
    stage.spawn(NAME, async move {
        let lock = std::sync::Arc::new(tokio::sync::Mutex::new(()));
        let _guard = lock.lock().await;
        let held = std::sync::Arc::clone(&lock);
        others.spawn(&format!("{NAME}: child"), async move { drop(held.lock().await) });
        awaited.await.unwrap();
    });
}
