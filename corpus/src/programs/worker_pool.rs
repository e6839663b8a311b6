//! A pool of workers that the first request starts.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::{Mutex, mpsc};
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "worker_pool",
    kind: Kind::Healthy,
    scenario: "H-03",
    about: "eight workers live for ever inside of the request that started them, most of them idle",
    run: |stage| run(stage).boxed_local(),
};

const WORKERS: u64 = 8;

type Jobs = Arc<Mutex<mpsc::Receiver<u64>>>;

async fn run(stage: Stage) {
    let mut pool = None;
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let request = tracing::info_span!("request", number = visitor.number);
        let jobs = pool.get_or_insert_with(|| request.in_scope(start)).clone();
        let handle = async move {
            jobs.send(visitor.number).await.ok();
        };
        tokio::spawn(handle.instrument(request));
    }
}

fn start() -> mpsc::Sender<u64> {
    let (send, jobs) = mpsc::channel(64);
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..WORKERS {
        tokio::spawn(work(Arc::clone(&jobs)));
    }
    send
}

async fn work(jobs: Jobs) {
    loop {
        // One worker waits for the next job, the others for their turn to wait.
        let Some(job) = jobs.lock().await.recv().await else { return };
        some_work(job).await;
    }
}
