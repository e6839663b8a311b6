//! Temporary files are removed by a janitor; a guard sends it their names when an upload ends.

use futures::FutureExt as _;
use tokio::sync::mpsc;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const SPAWNED_ON_DROP: Leak = Leak::likely(&["L10", "L6"]);

pub(super) const PROGRAM: Program = Program {
    name: "temp_uploads",
    kind: Kind::Leaking,
    scenario: "",
    about: "a guard's Drop spawns a clean-up that waits for room in the queue of a janitor who has left",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (janitor, mut names) = mpsc::channel(8);
    tokio::spawn(async move { while names.recv().await.is_some() {} });
    // The janitor of the archive: its queue is full, and nobody reads it any more.
    let (archive, unread) = mpsc::channel(1);
    archive.send(0).await.ok();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let queue = if visitor.unlucky { archive.clone() } else { janitor.clone() };
        let request =
            tracing::info_span!("upload", visitor = visitor.number, unread = unread.len());
        tokio::spawn(upload(TempFile { visitor, queue }).instrument(request));
    }
}

async fn upload(file: TempFile) {
    some_work(file.visitor.number).await;
}

struct TempFile {
    visitor: Visitor,
    queue: mpsc::Sender<u64>,
}

impl Drop for TempFile {
    fn drop(&mut self) {
        spawned(tokio::spawn(remove(self.visitor, self.queue.clone())));
    }
}

async fn remove(visitor: Visitor, queue: mpsc::Sender<u64>) {
    some_work(visitor.number).await;
    if visitor.unlucky {
        stuck(SPAWNED_ON_DROP, queue.send(visitor.number)).await.ok();
    } else {
        waits(queue.send(visitor.number)).await.ok();
    }
}
