use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Leaks: the handler answers and returns, the task it spawned goes on
/// waiting.
async fn leaking(mut audit: mpsc::Receiver<String>) -> &'static str {
    tokio::spawn(async move { while audit.recv().await.is_some() {} });
    "accepted"
}

/// Ends: the guard cancels the task when the handler is done, however that
/// comes about.
async fn fixed(mut audit: mpsc::Receiver<String>) -> &'static str {
    let request = CancellationToken::new();
    let child = request.child_token();
    let _ends_with_the_request = request.drop_guard();
    tokio::spawn(async move {
        let run = async { while audit.recv().await.is_some() {} };
        child.run_until_cancelled(run).await;
    });
    "accepted"
}
