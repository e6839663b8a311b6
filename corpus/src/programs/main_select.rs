//! A main function that waits for its server or a signal, whichever comes first.

use futures::FutureExt as _;
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "main_select",
    kind: Kind::Healthy,
    scenario: "H-11",
    about: "the main task waits for as long as the service runs",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    tokio::select! {
        () = serve() => {}
        () = visit(stage) => {}
        _ = ctrl_c() => {}
    }
}

async fn serve() {
    let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else { return };
    while let Ok((stream, _)) = listener.accept().await {
        drop(stream);
    }
}

async fn visit(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
    }
}
