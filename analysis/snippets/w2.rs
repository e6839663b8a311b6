use std::future::pending;

use tokio_util::sync::CancellationToken;

/// Parked until it is aborted: it holds `lease` for as long, but nothing in
/// its code says so.
async fn leaking<T>(lease: T) {
    pending::<()>().await;
    drop(lease);
}

/// Parked until it is told to stop.
async fn fixed<T>(lease: T, stop: CancellationToken) {
    stop.cancelled().await;
    drop(lease);
}
