use std::time::Duration;

use tokio::time::sleep;

/// Sleeps for a month: the setting is in milliseconds.
async fn leaking(cleanup_every_ms: u64) {
    sleep(Duration::from_secs(cleanup_every_ms)).await;
}

/// Sleeps for as long as was meant.
async fn fixed(cleanup_every_ms: u64) {
    sleep(Duration::from_millis(cleanup_every_ms)).await;
}
