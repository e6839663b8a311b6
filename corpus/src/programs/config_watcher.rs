//! Parts of a service that follow its configuration, which nobody changes.

use futures::FutureExt as _;
use tokio::sync::watch;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "config_watcher",
    kind: Kind::Healthy,
    scenario: "H-07",
    about: "three tasks wait for a change that never comes",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (change, settings) = watch::channel(1);
    for _part in ["log", "limits", "flags"] {
        tokio::spawn(follow(settings.clone()));
    }
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        if visitor.number == u64::MAX {
            change.send_replace(2);
        }
    }
}

async fn follow(mut settings: watch::Receiver<u64>) {
    while settings.changed().await.is_ok() {
        let version = *settings.borrow_and_update();
        some_work(version).await;
    }
}
