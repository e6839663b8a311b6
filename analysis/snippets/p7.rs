use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

/// Leaks: the task is woken, but nobody drives the set any more.
async fn leaking() -> (LocalSet, JoinHandle<()>) {
    let set = LocalSet::new();
    let task = set.run_until(async { spawn_local(yield_now()) }).await;
    (set, task)
}

/// Ends: the set is driven until its tasks are done.
async fn fixed() {
    let set = LocalSet::new();
    set.run_until(async { spawn_local(yield_now()) }).await;
    set.await;
}
