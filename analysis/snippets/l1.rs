use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

type Pending = HashMap<u64, oneshot::Sender<String>>;

/// Leaks now and then: when the answer to `id` never comes, its sender stays
/// in the map for ever.
async fn leaking(pending: &mut Pending, id: u64) -> Option<String> {
    let (send, receive) = oneshot::channel();
    pending.insert(id, send);
    tokio::spawn(receive).await.ok()?.ok()
}

/// Ends: the wait has a deadline.
async fn fixed(pending: &mut Pending, id: u64) -> Option<String> {
    let (send, receive) = oneshot::channel();
    pending.insert(id, send);
    let answer = timeout(Duration::from_secs(5), receive).await;
    pending.remove(&id);
    answer.ok()?.ok()
}
