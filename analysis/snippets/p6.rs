use tokio::sync::mpsc;

/// Leaks: `recv` returns `None` when the last sender is gone, and the task
/// holds that one itself.
async fn leaking() {
    let (send, mut receive) = mpsc::channel::<u32>(8);
    let producer = send.clone();
    tokio::spawn(async move { producer.send(1).await });
    while receive.recv().await.is_some() {}
    drop(send);
}

/// Ends: only the producers have senders.
async fn fixed() {
    let (send, mut receive) = mpsc::channel::<u32>(8);
    let producer = send.clone();
    drop(send);
    tokio::spawn(async move { producer.send(1).await });
    while receive.recv().await.is_some() {}
}
