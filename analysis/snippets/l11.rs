use tokio_util::task::TaskTracker;

/// Leaks: an open tracker may get more tasks, so `wait` goes on waiting when
/// the last one has ended.
async fn leaking(jobs: u32) {
    let tracker = TaskTracker::new();
    for _ in 0..jobs {
        tracker.spawn(async {});
    }
    tracker.wait().await;
}

/// Ends: a closed tracker is done when its tasks are.
async fn fixed(jobs: u32) {
    let tracker = TaskTracker::new();
    for _ in 0..jobs {
        tracker.spawn(async {});
    }
    tracker.close();
    tracker.wait().await;
}
