use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Leaks permits: on a timeout the work goes on in its own task, and takes
/// its permit with it.
async fn leaking<F: Future + Send + 'static>(pool: Arc<Semaphore>, work: F) {
    let Ok(permit) = pool.acquire_owned().await else { return };
    let task = tokio::spawn(async move {
        work.await;
        drop(permit);
    });
    let _ = timeout(Duration::from_secs(1), task).await;
}

/// Ends: the timeout drops the work, and the permit with it.
async fn fixed<F: Future>(pool: &Semaphore, work: F) {
    let Ok(_permit) = pool.acquire().await else { return };
    let _ = timeout(Duration::from_secs(1), work).await;
}
