//! The client of the archive: one connection, on which replies find their request by a number.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

use super::truth::{Site, Task};

/// Two wakers: one for the next request, one for the next line of the archive.
static CONNECTION: Site = Site::healthy("archive connection");

/// A question, and where its answer goes.
type Request = (String, oneshot::Sender<String>);

/// Asks the archive.
#[derive(Clone, Debug)]
pub(super) struct Archive {
    requests: mpsc::Sender<Request>,
}

impl Archive {
    /// Connects to the archive and starts the task that owns the connection.
    pub(super) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        let (requests, incoming) = mpsc::channel(64);
        tokio::spawn(exchange(CONNECTION.task(), socket, incoming));
        Ok(Self { requests })
    }

    /// Sends `question`; the answer arrives at the receiver.
    pub(super) async fn ask(&self, question: String) -> oneshot::Receiver<String> {
        let (reply, answer) = oneshot::channel();
        // If the connection is gone, `answer` says so.
        self.requests.send((question, reply)).await.ok();
        answer
    }
}

/// Writes the questions and hands out the answers, until either side is gone.
async fn exchange(_task: Task, socket: TcpStream, mut requests: mpsc::Receiver<Request>) {
    let (answers, mut questions) = socket.into_split();
    let mut answers = BufReader::new(answers).lines();
    let mut open = HashMap::new();
    let mut number = 0_u64;
    loop {
        tokio::select! {
            request = requests.recv() => {
                let Some((question, reply)) = request else { return };
                number += 1;
                open.insert(number, reply);
                let line = format!("{number} {question}\n");
                if questions.write_all(line.as_bytes()).await.is_err() { return }
            }
            line = answers.next_line() => {
                let Ok(Some(line)) = line else { return };
                let Some((number, answer)) = line.split_once(' ') else { continue };
                let reply: Option<oneshot::Sender<_>> =
                    number.parse().ok().and_then(|number: u64| open.remove(&number));
                if let Some(reply) = reply {
                    // Whoever asked may have lost interest.
                    reply.send(answer.to_owned()).ok();
                }
            }
        }
    }
}
