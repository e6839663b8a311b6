//! Tools that run for as long as the service does.

use std::process::Stdio;

use futures::FutureExt as _;
use tokio::process::Command;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "child_process",
    kind: Kind::Healthy,
    scenario: "H-20",
    about: "four tasks wait for child processes that do not end",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        if visitor.number < 4 {
            tokio::spawn(keep_running());
        }
    }
}

/// It reads from us, and ends when we do.
async fn keep_running() {
    let tool = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let Ok(mut tool) = tool else { return };
    let _stays_open = tool.stdin.take();
    tool.wait().await.ok();
}
