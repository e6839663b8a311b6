//! Every session sends heartbeats, a sleep between two of them; the logout drops the handle of the task.

use std::collections::HashMap;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::harness::truth::{Leak, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const BEATS_ON: Leak = Leak::likely(&["L12", "L2"]);

pub(super) const PROGRAM: Program = Program {
    name: "session_heartbeat",
    kind: Kind::Leaking,
    scenario: "",
    about: "the heartbeat of a session goes on after the logout",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut sessions = HashMap::<u64, JoinHandle<()>>::new();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        if visitor.unlucky {
            log_in(visitor, &mut sessions);
            log_out(visitor, &mut sessions);
        }
    }
}

fn log_in(visitor: Visitor, sessions: &mut HashMap<u64, JoinHandle<()>>) {
    let beat = spawned(tokio::spawn(heartbeat(visitor.number)));
    sessions.insert(visitor.number, beat);
}

fn log_out(visitor: Visitor, sessions: &mut HashMap<u64, JoinHandle<()>>) {
    if let Some(heartbeat) = sessions.remove(&visitor.number) {
        // Dropping a handle does not end its task.
        leaks(BEATS_ON, heartbeat.id());
    }
}

async fn heartbeat(session: u64) {
    loop {
        waits(sleep(Duration::from_secs(1))).await;
        tracing::debug!(session, "alive");
    }
}
