//! A client with a pool of connections, each driven by a task of its own.

use std::io;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use futures::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage, Visitor};

pub(super) const PROGRAM: Program = Program {
    name: "keepalive_pool",
    kind: Kind::Healthy,
    scenario: "H-04",
    about: "idle connections of a pool outlive the requests that opened them",
    run: |stage| run(stage).boxed_local(),
};

/// A question, and where the answer goes.
type Question = (u8, oneshot::Sender<u8>);

/// The connections that nobody uses.
type Idle = Arc<Mutex<Vec<mpsc::Sender<Question>>>>;

async fn run(stage: Stage) {
    let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else { return };
    let Ok(address) = listener.local_addr() else { return };
    tokio::spawn(serve(listener));
    let idle = Idle::default();
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        // Now and then many come at once, and the pool grows to as many connections.
        let together = if visitor.number % 50 == 9 { 12 } else { 1 };
        for _ in 0..together {
            let request = tracing::info_span!("request", number = visitor.number);
            let ask = ask(visitor, Arc::clone(&idle), address.port());
            tokio::spawn(ask.instrument(request));
        }
    }
}

async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream));
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    loop {
        let question = stream.read_u8().await?;
        some_work(question.into()).await;
        stream.write_u8(question).await?;
    }
}

async fn ask(visitor: Visitor, idle: Idle, port: u16) {
    let pooled = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let connection = match pooled {
        Some(connection) => connection,
        None => match TcpStream::connect(("127.0.0.1", port)).await {
            Ok(stream) => connection(stream),
            Err(_) => return,
        },
    };
    let (reply, answer) = oneshot::channel();
    if connection.send((visitor.number as u8, reply)).await.is_ok() && answer.await.is_ok() {
        idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// As the drivers of HTTP clients do, the task keeps the span of the request that opened it.
fn connection(stream: TcpStream) -> mpsc::Sender<Question> {
    let (send, questions) = mpsc::channel(1);
    tokio::spawn(drive(stream, questions).in_current_span());
    send
}

async fn drive(mut stream: TcpStream, mut questions: mpsc::Receiver<Question>) -> io::Result<()> {
    loop {
        tokio::select! {
            question = questions.recv() => {
                let Some((question, reply)) = question else { return Ok(()) };
                stream.write_u8(question).await?;
                reply.send(stream.read_u8().await?).ok();
            }
            // The server hangs up on idle connections, if it likes.
            _ = stream.readable() => {
                if stream.try_read(&mut [0]).is_ok_and(|read| read == 0) {
                    return Ok(());
                }
            }
        }
    }
}
