use std::sync::Arc;

use tokio::sync::Mutex;

/// Leaks: it awaits its child under a lock that the child needs.
async fn leaking(state: Arc<Mutex<u64>>) {
    let guard = state.lock().await;
    let shared = state.clone();
    let child = tokio::spawn(async move { *shared.lock().await += 1 });
    let _ = child.await;
    drop(guard);
}

/// Ends: the lock is given back before the child is awaited.
async fn fixed(state: Arc<Mutex<u64>>) {
    let guard = state.lock().await;
    let shared = state.clone();
    let child = tokio::spawn(async move { *shared.lock().await += 1 });
    drop(guard);
    let _ = child.await;
}
