use std::future::Future;

use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

/// Not counted: while the guard lives, this thread tells another subscriber
/// what happens to wakers.
async fn leaking(log: Dispatch, work: impl Future<Output = ()>) {
    work.with_subscriber(log).await;
}

/// Counted: one subscriber for the whole process, set before the first task,
/// with the agent around it.
fn fixed(log: Dispatch) -> bool {
    tracing::dispatcher::set_global_default(log).is_ok()
}
