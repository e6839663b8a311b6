//! Server-sent events: clients that stay, and events that are rare.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "news_stream",
    kind: Kind::Healthy,
    scenario: "H-05",
    about: "forty clients wait for an event that comes once an hour",
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: u64 = 40;

async fn run(stage: Stage) {
    let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else { return };
    let Ok(address) = listener.local_addr() else { return };
    let (publish, _) = broadcast::channel(16);
    tokio::spawn(serve(listener, publish.clone()));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        if visitor.number % 36_000 == 35_999 {
            publish.send(visitor.number).ok();
        }
        // All of them open the page in the first seconds, and leave it open.
        if visitor.number < CLIENTS {
            tokio::spawn(read(address.port()));
        }
    }
}

async fn serve(listener: TcpListener, publish: broadcast::Sender<u64>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(stream_events(stream, publish.subscribe()));
    }
}

async fn stream_events(mut stream: TcpStream, mut events: broadcast::Receiver<u64>) {
    let (mut read, mut write) = stream.split();
    loop {
        tokio::select! {
            event = events.recv() => {
                let Ok(event) = event else { return };
                if write.write_u64(event).await.is_err() {
                    return;
                }
            }
            // The client hangs up.
            _ = read.read_u8() => return,
        }
    }
}

/// A browser, as patient as its reader.
async fn read(port: u16) {
    loop {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { return };
        while stream.read_u64().await.is_ok() {}
        sleep(Duration::from_secs(1)).await;
    }
}
