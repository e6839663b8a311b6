use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Leaks: the task gets its own handle, and awaits its own end.
async fn leaking() {
    let (send, receive) = oneshot::channel::<JoinHandle<()>>();
    let task = tokio::spawn(async {
        if let Ok(me) = receive.await {
            let _ = me.await;
        }
    });
    let _ = send.send(task);
}

/// Ends: whoever spawned the task awaits it.
async fn fixed() {
    let task = tokio::spawn(async {});
    let _ = task.await;
}
