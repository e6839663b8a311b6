//! A hub with a task for every member, who come and go.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{interval, sleep};

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "chat_hub",
    kind: Kind::Healthy,
    scenario: "",
    about: "members stay for minutes, with a heartbeat beside what they wait for",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let (say, _) = broadcast::channel(32);
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        if visitor.number % 20 == 3 {
            let (leave, left) = mpsc::channel(1);
            tokio::spawn(member(say.subscribe(), left));
            tokio::spawn(stay(visitor.number, leave));
        }
        if visitor.number % 30 == 0 {
            say.send(visitor.number).ok();
        }
    }
}

async fn member(mut heard: broadcast::Receiver<u64>, mut left: mpsc::Receiver<()>) {
    let mut heartbeat = interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            said = heard.recv() => if said.is_err() { return },
            _ = heartbeat.tick() => {}
            _ = left.recv() => return,
        }
    }
}

/// The person behind a member: between twenty seconds and a minute and a half.
async fn stay(number: u64, leave: mpsc::Sender<()>) {
    sleep(Duration::from_millis(20_000 + number * 7_919 % 70_000)).await;
    leave.send(()).await.ok();
}
