//! A task that writes what the others report, and waits when they have nothing to report.

use tokio::sync::mpsc;

use crate::demo::truth::{Site, Task};

static WRITER: Site = Site::healthy("audit writer").waiting("mpsc.recv", 1);

/// Starts the writer.
pub(crate) fn start() -> mpsc::Sender<String> {
    let (entries, incoming) = mpsc::channel(64);
    tokio::spawn(write(WRITER.task(), incoming));
    entries
}

async fn write(task: Task, mut incoming: mpsc::Receiver<String>) {
    while let Some(entry) = task.waits(incoming.recv()).await {
        tracing::debug!(entry, "audit");
    }
}
