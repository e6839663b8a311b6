//! A crawl has three workers and one token; two of the workers look at it wherever they wait.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, ending, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

/// The worker that stays has never waited on the token: that its siblings' cancellation was meant for it too, no
/// waker tells, and only the survivors show.
const IGNORES_THE_TOKEN: Leak = Leak::likely(&["L4", "L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "crawl_jobs",
    kind: Kind::Leaking,
    scenario: "L-01",
    about: "one of the workers of a cancelled job waits for an answer without looking at the token",
    run: |stage| run(stage).boxed_local(),
};

type Site = mpsc::UnboundedSender<oneshot::Sender<String>>;

async fn run(stage: Stage) {
    // A site that answers nobody.
    let (tar_pit, mut asked) = mpsc::unbounded_channel();
    let mut unanswered = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        tokio::select! {
            visitor = visitors.next() => drop(tokio::spawn(job(visitor, tar_pit.clone()))),
            Some(question) = asked.recv() => unanswered.push(question),
        }
    }
}

async fn job(visitor: Visitor, tar_pit: Site) {
    let cancel = CancellationToken::new();
    let (found, pages) = mpsc::channel(8);
    let fetch = spawned(tokio::spawn(fetch(visitor, tar_pit, cancel.clone(), found)));
    tokio::spawn(index(pages, cancel.clone()));
    tokio::spawn(report_progress(cancel.clone()));
    sleep(Duration::from_millis(100)).await;
    // The user has seen enough.
    if visitor.unlucky {
        leaks(IGNORES_THE_TOKEN, fetch.id());
    }
    cancel.cancel();
}

async fn fetch(
    visitor: Visitor,
    tar_pit: Site,
    cancel: CancellationToken,
    found: mpsc::Sender<String>,
) {
    let _ending = ending();
    some_work(visitor.number).await;
    if visitor.unlucky {
        let (question, answer) = oneshot::channel();
        tar_pit.send(question).ok();
        let page = waits(answer).await;
        found.send(page.unwrap_or_default()).await.ok();
    } else {
        found.send("a page".to_owned()).await.ok();
        cancel.cancelled().await;
    }
}

async fn index(mut pages: mpsc::Receiver<String>, cancel: CancellationToken) {
    loop {
        tokio::select! {
            Some(page) = pages.recv() => tracing::debug!(page, "indexed"),
            () = cancel.cancelled() => return,
        }
    }
}

async fn report_progress(cancel: CancellationToken) {
    while cancel.run_until_cancelled(sleep(Duration::from_secs(1))).await.is_some() {
        tracing::debug!("still crawling");
    }
}
