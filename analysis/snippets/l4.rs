use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Leaks for an hour after each shutdown: the token is looked at between two
/// sleeps, not during one.
async fn leaking(stop: CancellationToken) {
    while !stop.is_cancelled() {
        sleep(Duration::from_secs(3600)).await;
    }
}

/// Ends at once: the sleep itself listens to the token.
async fn fixed(stop: CancellationToken) {
    let hour = Duration::from_secs(3600);
    while stop.run_until_cancelled(sleep(hour)).await.is_some() {}
}
