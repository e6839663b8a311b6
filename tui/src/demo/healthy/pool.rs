//! Workers around one queue: one waits for work, the others for their turn to wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};

use crate::demo::truth::{Site, Task};

static WORKER: Site = Site::healthy("pool worker");

/// The queue of the workers.
#[derive(Clone, Debug)]
pub(crate) struct Pool(mpsc::Sender<u64>);

impl Pool {
    /// Starts four workers.
    pub(crate) fn start() -> Self {
        let (jobs, queue) = mpsc::channel(64);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..4 {
            tokio::spawn(work(WORKER.task(), Arc::clone(&queue)));
        }
        Self(jobs)
    }

    /// Leaves a job for whoever is free.
    pub(crate) async fn enqueue(&self, job: u64) {
        self.0.send(job).await.ok();
    }
}

async fn work(_task: Task, queue: Arc<Mutex<mpsc::Receiver<u64>>>) {
    loop {
        let Some(job) = queue.lock().await.recv().await else {
            return;
        };
        tokio::time::sleep(Duration::from_millis(job % 20)).await;
    }
}
