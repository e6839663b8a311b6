//! A document is locked while it is edited, by a guard that the table of editors keeps.

use std::sync::{Arc, Mutex as Table, PoisonError};

use futures::FutureExt as _;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const GUARD_KEPT: Leak = Leak::likely(&["L7"]);

pub(super) const PROGRAM: Program = Program {
    name: "document_editor",
    kind: Kind::Leaking,
    scenario: "",
    about: "the owned guard of a document stays in the table of its editor, who has left",
    run: |stage| run(stage).boxed_local(),
};

type Editors = Arc<Table<Vec<OwnedMutexGuard<u64>>>>;

async fn run(stage: Stage) {
    let editors = Editors::default();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let document = Arc::new(Mutex::new(visitor.number));
        let opened = tokio::spawn(open(visitor, Arc::clone(&document), Arc::clone(&editors)));
        opened.await.ok();
        // Two who want to read it.
        for _ in 0..2 {
            spawned(tokio::spawn(read(visitor, Arc::clone(&document))));
        }
    }
}

async fn open(visitor: Visitor, document: Arc<Mutex<u64>>, editors: Editors) {
    let guard = document.lock_owned().await;
    if visitor.unlucky {
        // Until the editor says goodbye.
        editors.lock().unwrap_or_else(PoisonError::into_inner).push(guard);
    }
}

async fn read(visitor: Visitor, document: Arc<Mutex<u64>>) {
    some_work(visitor.number).await;
    let text = if visitor.unlucky {
        stuck(GUARD_KEPT, document.lock()).await
    } else {
        waits(document.lock()).await
    };
    tracing::debug!(%text, "read");
}
