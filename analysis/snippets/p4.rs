use std::pin::pin;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// Leaks: after a second `first` is not polled any more, but keeps its place
/// in the queue. When its turn comes, it is handed the lock and does not take
/// it.
async fn leaking(state: &Mutex<u64>) {
    let mut first = pin!(state.lock());
    tokio::select! {
        mut state = &mut first => *state += 1,
        () = sleep(Duration::from_secs(1)) => *state.lock().await += 1,
    }
}

/// Ends: the first attempt is dropped, and with it its place, before the
/// second one begins.
async fn fixed(state: &Mutex<u64>) {
    match timeout(Duration::from_secs(1), state.lock()).await {
        Ok(mut state) => *state += 1,
        Err(_) => *state.lock().await += 1,
    }
}
