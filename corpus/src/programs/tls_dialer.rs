//! A connection has a driver that reads from the socket, and a handshake that may be given up.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::harness::truth::{Leak, spawned, stuck, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const READS_ON: Leak = Leak::likely(&["L9", "L2", "L3"]);

pub(super) const PROGRAM: Program = Program {
    name: "tls_dialer",
    kind: Kind::Leaking,
    scenario: "L-16",
    about: "the future of a handshake times out and is dropped; the driver of its connection reads on",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let server = listener.local_addr().expect("a bound socket");
    tokio::spawn(peers(listener));
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let request = tracing::info_span!("call", visitor = visitor.number);
        tokio::spawn(call(visitor, server).instrument(request));
    }
}

/// The other side: it answers a hello, and never a goodbye of those it does not know.
async fn peers(listener: TcpListener) {
    let mut silent = Vec::new();
    while let Ok((mut peer, _)) = listener.accept().await {
        match peer.read_u8().await {
            Ok(b'h') => drop(peer.write_u8(b'h').await),
            _ => silent.push(peer),
        }
    }
}

async fn call(visitor: Visitor, server: SocketAddr) {
    let Ok(stream) = TcpStream::connect(server).await else { return };
    let (done, handshake) = oneshot::channel();
    spawned(tokio::spawn(drive(visitor, stream, done)));
    if timeout(Duration::from_millis(200), handshake).await.is_err() {
        tracing::debug!("no handshake");
    }
}

async fn drive(visitor: Visitor, mut stream: TcpStream, done: oneshot::Sender<u8>) {
    stream.write_u8(if visitor.unlucky { b'?' } else { b'h' }).await.ok();
    let hello = if visitor.unlucky {
        stuck(READS_ON, stream.read_u8()).await
    } else {
        waits(stream.read_u8()).await
    };
    if let Ok(hello) = hello {
        done.send(hello).ok();
    }
}
