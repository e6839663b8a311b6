use tokio::sync::mpsc;

/// Spins: a closed channel is always ready, with `None`.
async fn leaking(mut jobs: mpsc::Receiver<String>) {
    loop {
        if let Some(job) = jobs.recv().await {
            println!("{job}");
        }
    }
}

/// Ends: `None` is the end.
async fn fixed(mut jobs: mpsc::Receiver<String>) {
    while let Some(job) = jobs.recv().await {
        println!("{job}");
    }
}
