//! Links to services that are down, which try again later and later.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "reconnect",
    kind: Kind::Healthy,
    scenario: "H-09",
    about: "six tasks back off for longer and longer",
    run: |stage| run(stage).boxed_local(),
};

const LINKS: u64 = 6;

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        if visitor.number < LINKS {
            tokio::spawn(stay_linked(visitor.number));
        }
    }
}

async fn stay_linked(link: u64) {
    let mut pause = Duration::from_millis(200 + link);
    loop {
        // Nobody listens on the port for that.
        if TcpStream::connect(("127.0.0.1", 9)).await.is_ok() {
            pause = Duration::from_millis(200);
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_mins(5));
    }
}
