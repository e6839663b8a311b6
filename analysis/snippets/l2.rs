use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Leaks with each call: nothing ever ends the task, and nobody counts them.
fn leaking(mut news: Receiver<u32>) {
    tokio::spawn(async move { while news.changed().await.is_ok() {} });
}

/// Ends with its owner, who can also wait for it.
fn fixed(mut news: Receiver<u32>, stop: CancellationToken, on: &TaskTracker) {
    on.spawn(async move {
        let run = async { while news.changed().await.is_ok() {} };
        stop.run_until_cancelled(run).await;
    });
}
