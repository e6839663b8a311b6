use tokio::sync::mpsc;

/// Nearly full all the time: jobs come faster than one at a time can be done.
async fn leaking(mut jobs: mpsc::Receiver<u32>, work: impl AsyncFn(u32)) {
    while let Some(job) = jobs.recv().await {
        work(job).await;
    }
}

/// Keeps up: jobs are done in batches.
async fn fixed(mut jobs: mpsc::Receiver<u32>, work: impl AsyncFn(Vec<u32>)) {
    let mut batch = Vec::new();
    while jobs.recv_many(&mut batch, 64).await > 0 {
        work(std::mem::take(&mut batch)).await;
    }
}
