//! Locks whose guards and queues are not where they seem to be.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, mpsc as threads};

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Mutex, MutexGuard, OnceCell, RwLock, RwLockWriteGuard, Semaphore, mpsc};

use super::stage::{Attempt, Stage};

pub(crate) const ATTEMPTS: &[Attempt] = &[
    a_guard_moved_into_a_child,
    a_started_future_moved_into_a_child,
    a_started_cell_moved_into_a_child,
    a_started_cell_kept_elsewhere,
    a_started_future_sent_to_another_task,
    a_place_in_the_queue_moved_into_a_child,
    a_writer_outside_of_any_task,
    a_writer_of_a_task_that_has_ended,
    owned_guards_sent_to_another_task,
    a_mapped_guard_and_a_downgraded_one,
    a_holder_by_try_lock,
    a_holder_on_a_thread,
    a_holder_under_block_on,
    a_cycle_with_another_way_out,
    a_holder_in_a_set_of_futures,
    waits_in_a_set_of_futures,
    a_lock_of_two_runtimes,
    permits_from_a_thread,
    a_cancelled_place_in_the_queue,
    a_hand_over_by_notify,
];

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A lock that lives for ever, as that of a static that a task was the first to use.
fn forever<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The parent waits for a lock whose guard it has given to its child.
fn a_guard_moved_into_a_child(stage: &Stage) {
    let (signal, to_child) = (stage.signal(), stage.clone());
    stage.spawn("a_guard_moved_into_a_child", async move {
        let lock = forever(Mutex::new(()));
        let guard = lock.lock().await;
        to_child.spawn("a_guard_moved_into_a_child: child", async move {
            let _ = signal.await;
            drop(guard);
        });
        drop(lock.lock().await);
    });
}

/// What has begun in the parent goes on in a child, as after a timeout.
fn a_started_future_moved_into_a_child(stage: &Stage) {
    let (signal, to_child) = (stage.signal(), stage.clone());
    stage.spawn("a_started_future_moved_into_a_child", async move {
        let lock = Arc::new(Mutex::new(()));
        let held = Arc::clone(&lock);
        let mut work: Work = Box::pin(async move {
            let _guard = held.lock().await;
            let _ = signal.await;
        });
        assert!(futures::poll!(work.as_mut()).is_pending());
        to_child.spawn("a_started_future_moved_into_a_child: child", work);
        drop(lock.lock().await);
    });
}

fn a_started_cell_moved_into_a_child(stage: &Stage) {
    let (signal, to_child) = (stage.signal(), stage.clone());
    stage.spawn("a_started_cell_moved_into_a_child", async move {
        let cell = Arc::new(OnceCell::new());
        let filled = Arc::clone(&cell);
        let mut work: Work = Box::pin(async move {
            filled.get_or_init(async || _ = signal.await).await;
        });
        assert!(futures::poll!(work.as_mut()).is_pending());
        to_child.spawn("a_started_cell_moved_into_a_child: child", work);
        cell.get_or_init(async || ()).await;
    });
}

fn a_started_cell_kept_elsewhere(stage: &Stage) {
    let (tx, rx) = threads::channel::<Work>();
    stage.spawn("a_started_cell_kept_elsewhere", async move {
        let cell = Arc::new(OnceCell::new());
        let filled = Arc::clone(&cell);
        let mut work: Work = Box::pin(async move {
            filled.get_or_init(std::future::pending::<()>).await;
        });
        assert!(futures::poll!(work.as_mut()).is_pending());
        tx.send(work).unwrap();
        cell.get_or_init(async || ()).await;
    });
    stage.at_last(move || drop(rx));
}

/// As above, but the other task is there already.
fn a_started_future_sent_to_another_task(stage: &Stage) {
    const NAME: &str = "a_started_future_sent_to_another_task";
    let signal = stage.signal();
    let (tx, mut rx) = mpsc::unbounded_channel::<Work>();
    stage.spawn(&format!("{NAME}: other"), async move {
        if let Some(work) = rx.recv().await {
            work.await;
        }
    });
    stage.spawn(NAME, async move {
        let lock = Arc::new(Mutex::new(()));
        let held = Arc::clone(&lock);
        let mut work: Work = Box::pin(async move {
            let _guard = held.lock().await;
            let _ = signal.await;
        });
        assert!(futures::poll!(work.as_mut()).is_pending());
        assert!(tx.send(work).is_ok());
        drop(lock.lock().await);
    });
}

/// The lock is handed to an operation that a child has, and that it does not poll for a while.
fn a_place_in_the_queue_moved_into_a_child(stage: &Stage) {
    const NAME: &str = "a_place_in_the_queue_moved_into_a_child";
    let (signal, to_child) = (stage.signal(), stage.clone());
    stage.spawn(NAME, async move {
        let lock = Arc::new(Mutex::new(()));
        let guard = lock.lock().await;
        let queued = Arc::clone(&lock);
        let mut work: Work = Box::pin(async move { drop(queued.lock().await) });
        assert!(futures::poll!(work.as_mut()).is_pending());
        to_child.spawn(&format!("{NAME}: child"), async move {
            let _ = signal.await;
            work.await;
        });
        drop(guard);
        drop(lock.lock().await);
    });
}

/// A reader waits behind a writer that no task polls, and before one that waits for the reader's own lock.
fn behind_a_writer(stage: &Stage, name: &str, queue: impl FnOnce(&Stage, Arc<RwLock<()>>) + Send) {
    let made = async { (Arc::new(RwLock::new(())), Arc::new(Mutex::new(()))) };
    let (table, other) = stage.runtime().block_on(stage.runtime().spawn(made)).unwrap();
    let (first, second) = (Arc::clone(&table), Arc::clone(&other));
    // Each waits for the one before to stand where it shall.
    let (tx, mut next) = mpsc::unbounded_channel();
    let read = tx.clone();
    let (go, may_go) = futures::channel::oneshot::channel::<()>();
    stage.spawn(&format!("{name}: reader"), async move {
        let _read = first.read().await;
        read.send(()).unwrap();
        let _ = may_go.await;
        drop(second.lock().await);
    });
    let wait = |next: &mut mpsc::UnboundedReceiver<()>| next.blocking_recv().unwrap();
    wait(&mut next);
    queue(stage, Arc::clone(&table));
    let (second, lock, locked) = (Arc::clone(&table), Arc::clone(&other), tx.clone());
    stage.spawn(&format!("{name}: second reader"), async move {
        let _guard = lock.lock().await;
        let mut read = std::pin::pin!(second.read());
        assert!(futures::poll!(read.as_mut()).is_pending());
        locked.send(()).unwrap();
        drop(read.await);
    });
    wait(&mut next);
    stage.spawn(&format!("{name}: writer"), async move {
        let mut write = std::pin::pin!(table.write());
        assert!(futures::poll!(write.as_mut()).is_pending());
        tx.send(()).unwrap();
        drop(write.await);
    });
    wait(&mut next);
    go.send(()).unwrap();
}

fn a_writer_outside_of_any_task(stage: &Stage) {
    behind_a_writer(stage, "a_writer_outside_of_any_task", |stage, table| {
        let mut write = Box::pin(table.write_owned());
        let noop = futures::task::noop_waker();
        assert!(write.as_mut().poll(&mut std::task::Context::from_waker(&noop)).is_pending());
        stage.at_last(move || drop(write));
    });
}

fn a_writer_of_a_task_that_has_ended(stage: &Stage) {
    const NAME: &str = "a_writer_of_a_task_that_has_ended";
    behind_a_writer(stage, NAME, |stage, table| {
        let (tx, rx) = threads::channel();
        let ended = stage.spawn(NAME, async move {
            let mut write = Box::pin(table.write_owned());
            assert!(futures::poll!(write.as_mut()).is_pending());
            tx.send(write).unwrap();
        });
        let write = rx.recv().unwrap();
        stage.runtime().block_on(ended).unwrap();
        stage.at_last(move || drop(write));
    });
}

fn owned_guards_sent_to_another_task(stage: &Stage) {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let signal = stage.signal();
    stage.spawn("owned_guards_sent_to_another_task", async move {
        let (lock, table) = (Arc::new(Mutex::new(())), Arc::new(RwLock::new(())));
        let guards = (lock.clone().lock_owned().await, table.clone().write_owned().await);
        assert!(tx.send(guards).is_ok());
        drop((lock.lock().await, table.read().await));
    });
    stage.spawn("owned_guards_sent_to_another_task: other", async move {
        let guards = rx.recv().await.unwrap();
        let _ = signal.await;
        drop(guards);
    });
}

fn a_mapped_guard_and_a_downgraded_one(stage: &Stage) {
    const NAME: &str = "a_mapped_guard_and_a_downgraded_one";
    let (signal, others) = (stage.signal(), stage.clone());
    stage.spawn(NAME, async move {
        let (lock, table) = (Arc::new(Mutex::new((1, 2))), Arc::new(RwLock::new((1, 2))));
        let guard = MutexGuard::map(lock.lock().await, |pair| &mut pair.0);
        let read = RwLockWriteGuard::downgrade(table.write().await);
        let (locked, written) = (Arc::clone(&lock), Arc::clone(&table));
        others.spawn(&format!("{NAME}: lock"), async move { drop(locked.lock().await) });
        others.spawn(&format!("{NAME}: write"), async move { drop(written.write().await) });
        let _ = signal.await;
        drop((guard, read));
    });
}

fn a_holder_by_try_lock(stage: &Stage) {
    let signal = stage.signal();
    let (tx, mut rx) = mpsc::unbounded_channel();
    stage.spawn("a_holder_by_try_lock", async move {
        let lock = Arc::new(Mutex::new(()));
        let guard = Arc::clone(&lock).try_lock_owned().unwrap();
        assert!(tx.send(guard).is_ok());
        drop(lock.lock().await);
    });
    stage.spawn("a_holder_by_try_lock: other", async move {
        let guard = rx.recv().await;
        let _ = signal.await;
        drop(guard);
    });
}

fn a_holder_on_a_thread(stage: &Stage) {
    let lock = Arc::new(Mutex::new(()));
    let held = Arc::clone(&lock);
    let (tx, rx) = threads::channel();
    let (end, ended) = threads::channel::<()>();
    std::thread::spawn(move || {
        let guard = held.blocking_lock();
        tx.send(()).unwrap();
        let _ = ended.recv();
        drop(guard);
    });
    rx.recv().unwrap();
    stage.spawn("a_holder_on_a_thread", async move { drop(lock.lock().await) });
    stage.at_last(move || drop(end));
}

fn a_holder_under_block_on(stage: &Stage) {
    let (runtime, signal) = (stage.runtime().clone(), stage.signal());
    let (tx, rx) = threads::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let lock = Arc::new(Mutex::new(()));
            let guard = lock.lock().await;
            tx.send(Arc::clone(&lock)).unwrap();
            let _ = signal.await;
            drop(guard);
        });
    });
    let lock = rx.recv().unwrap();
    stage.spawn("a_holder_under_block_on", async move { drop(lock.lock().await) });
}

/// Two tasks hold what the other waits for; one of them waits for something else as well.
fn a_cycle_with_another_way_out(stage: &Stage) {
    const NAME: &str = "a_cycle_with_another_way_out";
    let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let (signal, both) = (stage.signal(), Arc::new(tokio::sync::Barrier::new(2)));
    stage.spawn(NAME, {
        let (a, b, both) = (Arc::clone(&a), Arc::clone(&b), Arc::clone(&both));
        async move {
            let guard = a.lock().await;
            both.wait().await;
            tokio::select! {
                other = b.lock() => drop(other),
                _ = signal => drop(guard),
            }
        }
    });
    stage.spawn(&format!("{NAME}: other"), async move {
        let _guard = b.lock().await;
        both.wait().await;
        drop(a.lock().await);
    });
}

fn a_holder_in_a_set_of_futures(stage: &Stage) {
    const NAME: &str = "a_holder_in_a_set_of_futures";
    let (signal, others) = (stage.signal(), stage.clone());
    stage.spawn(NAME, async move {
        let lock = Arc::new(Mutex::new(()));
        let set: FuturesUnordered<Work> = FuturesUnordered::new();
        let (held, queued) = (Arc::clone(&lock), Arc::clone(&lock));
        set.push(Box::pin(async move {
            let _guard = held.lock().await;
            let _ = signal.await;
        }));
        let mut set = set;
        assert!(futures::poll!(set.next()).is_pending());
        set.push(Box::pin(async move { drop(queued.lock().await) }));
        others.spawn(&format!("{NAME}: other"), async move { drop(lock.lock().await) });
        while set.next().await.is_some() {}
    });
}

fn waits_in_a_set_of_futures(stage: &Stage) {
    let (signal, stop) = (stage.signal(), stage.signal());
    stage.spawn("waits_in_a_set_of_futures", async move {
        let lock = Arc::new(Mutex::new(()));
        let guard = lock.lock().await;
        let mut set: FuturesUnordered<Work> = FuturesUnordered::new();
        let queued = Arc::clone(&lock);
        set.push(Box::pin(async move { drop(queued.lock().await) }));
        set.push(Box::pin(async move { _ = signal.await }));
        set.next().await;
        drop(guard);
        set.next().await;
        let guard = lock.lock().await;
        let both = futures::future::select_all([
            Box::pin(async { drop(lock.lock().await) }) as Pin<Box<dyn Future<Output = ()> + Send>>,
            Box::pin(async { _ = stop.await }),
        ]);
        both.await;
        drop(guard);
    });
}

fn a_lock_of_two_runtimes(stage: &Stage) {
    let signal = stage.signal();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let lock = Arc::new(Mutex::new(()));
    let (tx, rx) = threads::channel();
    let held = Arc::clone(&lock);
    stage.spawn_on(runtime.handle(), "a_lock_of_two_runtimes: holder", async move {
        let _guard = held.lock().await;
        tx.send(()).unwrap();
        let _ = signal.await;
    });
    rx.recv().unwrap();
    stage.spawn("a_lock_of_two_runtimes", async move { drop(lock.lock().await) });
    std::mem::forget(runtime);
}

fn permits_from_a_thread(stage: &Stage) {
    let (permits, closed) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(0)));
    let (more, close) = (Arc::clone(&permits), Arc::clone(&closed));
    stage.spawn("permits_from_a_thread", async move {
        let _first = permits.acquire().await;
        let _ = permits.acquire_many(2).await;
        assert!(closed.acquire().await.is_err());
    });
    stage.at_last(move || {
        more.add_permits(2);
        close.close();
    });
}

/// A reader waits behind a writer that gives up its place.
fn a_cancelled_place_in_the_queue(stage: &Stage) {
    const NAME: &str = "a_cancelled_place_in_the_queue";
    let (signal, others) = (stage.signal(), stage.clone());
    stage.spawn(NAME, async move {
        let table = Arc::new(RwLock::new(()));
        let read = table.read().await;
        let mut write = Box::pin(Arc::clone(&table).write_owned());
        assert!(futures::poll!(write.as_mut()).is_pending());
        let behind = Arc::clone(&table);
        let other =
            others.spawn(&format!("{NAME}: reader"), async move { drop(behind.read().await) });
        let _ = signal.await;
        drop(write);
        other.await.unwrap();
        drop(read);
    });
}

fn a_hand_over_by_notify(stage: &Stage) {
    const NAME: &str = "a_hand_over_by_notify";
    let (lock, turn) = (Arc::new(Mutex::new(())), Arc::new(tokio::sync::Notify::new()));
    let (held, next) = (Arc::clone(&lock), Arc::clone(&turn));
    let (tx, rx) = threads::channel();
    stage.spawn(&format!("{NAME}: holder"), async move {
        let _guard = held.lock().await;
        tx.send(()).unwrap();
        next.notified().await;
    });
    rx.recv().unwrap();
    stage.spawn(NAME, async move { drop(lock.lock().await) });
    stage.at_last(move || turn.notify_one());
}
