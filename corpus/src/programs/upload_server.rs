//! Uploads are read from their sockets until all announced bytes are there.

use std::net::{Ipv4Addr, SocketAddr};

use futures::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

/// A connection that a client opened may be meant to stay, which is why only its siblings speak against it: they end.
const NO_DEADLINE: Leak = Leak::likely(&["L9", "L1"]);

pub(super) const PROGRAM: Program = Program {
    name: "upload_server",
    kind: Kind::Leaking,
    scenario: "",
    about: "the body of an upload is read without a deadline, and some clients stop in the middle",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let server = listener.local_addr().expect("a bound socket");
    tokio::spawn(serve(listener));
    let mut asleep = Vec::new();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        asleep.extend(upload(visitor, server).await);
    }
}

/// A client: its bytes are all the same, and a full stop ends those of one that will go on.
async fn upload(visitor: Visitor, server: SocketAddr) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    stream.write_all(if visitor.unlucky { b"...?" } else { b"...." }).await.ok()?;
    if visitor.unlucky {
        // A laptop whose lid was closed: the connection stays.
        return Some(stream);
    }
    some_work(visitor.number).await;
    stream.write_all(b"....").await.ok()?;
    None
}

async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        spawned(tokio::spawn(store(stream)));
    }
}

async fn store(mut stream: TcpStream) {
    let (mut head, mut rest) = ([0; 4], [0; 4]);
    if stream.read_exact(&mut head).await.is_err() {
        return;
    }
    if head.ends_with(b"?") {
        stuck(NO_DEADLINE, stream.read_exact(&mut rest)).await.ok();
    } else {
        waits(stream.read_exact(&mut rest)).await.ok();
    }
}
