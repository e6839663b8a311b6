use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

type Guard = OwnedMutexGuard<u64>;

/// Leaks whoever asks for the lock next: the guard outlives the task that
/// took it.
async fn leaking(state: Arc<Mutex<u64>>, kept: &mut Vec<Guard>) {
    kept.push(state.lock_owned().await);
}

/// Ends: the guard ends with its scope.
async fn fixed(state: Arc<Mutex<u64>>, kept: &mut Vec<u64>) {
    let value = *state.lock().await;
    kept.push(value);
}
