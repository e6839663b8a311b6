use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// Waits as long as it takes: most answers take milliseconds, and one never
/// comes.
async fn leaking(answer: oneshot::Receiver<u32>) -> Option<u32> {
    answer.await.ok()
}

/// Ends: an answer that takes a hundred times as long as usual is none.
async fn fixed(answer: oneshot::Receiver<u32>) -> Option<u32> {
    timeout(Duration::from_secs(5), answer).await.ok()?.ok()
}
