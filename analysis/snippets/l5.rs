use tokio::sync::mpsc;

/// Leaks: the producer ends, but the registry keeps a sender that nobody
/// uses, so `recv` never returns `None`.
fn leaking(registry: &mut Vec<mpsc::Sender<u32>>) {
    let (send, mut receive) = mpsc::channel(8);
    registry.push(send.clone());
    tokio::spawn(async move { send.send(1).await });
    tokio::spawn(async move { while receive.recv().await.is_some() {} });
}

/// Ends: the registry can find the sender as long as the producer lives, but
/// does not keep it alive.
fn fixed(registry: &mut Vec<mpsc::WeakSender<u32>>) {
    let (send, mut receive) = mpsc::channel(8);
    registry.push(send.downgrade());
    tokio::spawn(async move { send.send(1).await });
    tokio::spawn(async move { while receive.recv().await.is_some() {} });
}
