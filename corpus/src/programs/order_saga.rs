//! A saga spawns its steps and waits for all of them; a step may wait for an answer that does not come.

use futures::FutureExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, ending, spawned, stuck, victim, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const NO_ANSWER: Leak = Leak::likely(&["L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "order_saga",
    kind: Kind::Leaking,
    scenario: "",
    about: "the steps of a saga are joined by its task, and one step never gets its answer",
    run: |stage| run(stage).boxed_local(),
};

type Bank = mpsc::UnboundedSender<oneshot::Sender<u64>>;

async fn run(stage: Stage) {
    let (bank, mut asked) = mpsc::unbounded_channel();
    let mut unanswered = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        tokio::select! {
            visitor = visitors.next() => {
                spawned(tokio::spawn(saga(visitor, bank.clone())));
            }
            Some(question) = asked.recv() => unanswered.push(question),
        }
    }
}

async fn saga(visitor: Visitor, bank: Bank) {
    let _ending = ending();
    let mut steps = JoinSet::new();
    spawned(steps.spawn(step(visitor, bank)));
    if visitor.unlucky {
        victim(&["P3"], steps.join_next()).await;
    } else {
        waits(steps.join_next()).await;
    }
}

async fn step(visitor: Visitor, bank: Bank) {
    some_work(visitor.number).await;
    if visitor.unlucky {
        let (question, answer) = oneshot::channel();
        bank.send(question).ok();
        stuck(NO_ANSWER, answer).await.ok();
    }
}
