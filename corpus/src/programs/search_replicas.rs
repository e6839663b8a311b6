//! A search asks three replicas and takes the first answer.

use futures::FutureExt as _;
use tokio::sync::mpsc;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, ending, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage};

const NOBODY_RECEIVES: Leak = Leak::likely(&["L6"]);

pub(super) const PROGRAM: Program = Program {
    name: "search_replicas",
    kind: Kind::Leaking,
    scenario: "L-06",
    about: "the receiver of three answers reads one and keeps the channel for its statistics",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut slow_queries = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let (send, mut answers) = mpsc::channel(1);
        let mut replicas = Vec::new();
        for replica in 0..3 {
            let ask = ask(visitor.number + replica, send.clone());
            replicas.push(spawned(tokio::spawn(ask)).id());
        }
        drop(send);
        answers.recv().await;
        if visitor.unlucky {
            // One of the others has its answer in the channel; the third one does not.
            for replica in replicas {
                leaks(NOBODY_RECEIVES, replica);
            }
            slow_queries.push(answers);
        }
    }
}

async fn ask(number: u64, answers: mpsc::Sender<u64>) {
    let _ending = ending();
    some_work(number).await;
    waits(answers.send(number)).await.ok();
}
