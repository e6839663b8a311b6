use tokio::sync::mpsc;

/// Leaks all tasks but two: the first answer is taken, one more fits, and the
/// others wait while `keep` is alive.
async fn leaking(keep: &mut Vec<mpsc::Receiver<u32>>) -> Option<u32> {
    let (send, mut receive) = mpsc::channel(1);
    for mirror in 0..8 {
        let send = send.clone();
        tokio::spawn(async move { send.send(mirror).await });
    }
    let first = receive.recv().await;
    keep.push(receive);
    first
}

/// Ends: dropping the receiver lets every sender go with an error.
async fn fixed() -> Option<u32> {
    let (send, mut receive) = mpsc::channel(1);
    for mirror in 0..8 {
        let send = send.clone();
        tokio::spawn(async move { send.send(mirror).await });
    }
    receive.recv().await
}
