use std::future::Future;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::timeout;

/// Waits for ever if one of the futures is never woken: the set holds the
/// only waker of its task.
async fn leaking<F: Future>(mirrors: impl IntoIterator<Item = F>) {
    let mut answers: FuturesUnordered<F> = mirrors.into_iter().collect();
    while answers.next().await.is_some() {}
}

/// Ends: each future in the set has a deadline.
async fn fixed<F: Future>(mirrors: impl IntoIterator<Item = F>) {
    let limit = Duration::from_secs(5);
    let bounded = mirrors.into_iter().map(|mirror| timeout(limit, mirror));
    let mut answers: FuturesUnordered<_> = bounded.collect();
    while answers.next().await.is_some() {}
}
