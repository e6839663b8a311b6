use std::future::pending;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// The cause: it holds the lock and can never run again. Whoever awaits the
/// lock is its victim.
async fn leaking(state: &Mutex<u64>) {
    let guard = state.lock().await;
    pending::<()>().await;
    drop(guard);
}

/// Ends: the cause has an end, and so have its victims.
async fn fixed(state: &Mutex<u64>, stop: &CancellationToken) {
    let guard = state.lock().await;
    stop.cancelled().await;
    drop(guard);
}
