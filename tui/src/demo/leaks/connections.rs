//! `GET /stock`: a connection that spawns its farewell when it is dropped.

use std::net::SocketAddr;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use crate::demo::shop::Shop;
use crate::demo::truth::{Site, Task};

pub(crate) static FAREWELL: Site = Site::leaking("connection farewell", "tcp.read", 1);

#[derive(Deserialize)]
pub(crate) struct Wish {
    sku: u64,
    /// By how much to correct the figure first, in a transaction.
    correct: Option<i64>,
}

/// Asks the database how much of something there is. A correction that is refused leaves the
/// transaction open.
pub(crate) async fn stock(
    State(shop): State<Shop>,
    Query(wish): Query<Wish>,
) -> Result<String, StatusCode> {
    let failed = |_| StatusCode::BAD_GATEWAY;
    let mut database = Connection::open(shop.neighbours.database).await.map_err(failed)?;
    if let Some(difference) = wish.correct {
        database.begin().await.map_err(failed)?;
        let pieces = u64::try_from(difference).map_err(|_| StatusCode::BAD_REQUEST)?;
        database.query(&format!("UPDATE stock {} {pieces}", wish.sku)).await.map_err(failed)?;
        database.commit().await.map_err(failed)?;
    }
    database.query(&format!("SELECT stock {}", wish.sku)).await.map_err(failed)
}

/// A connection to the database, closed politely wherever it goes out of scope.
struct Connection {
    socket: Option<BufReader<TcpStream>>,
    in_transaction: bool,
}

impl Connection {
    async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let socket = BufReader::new(TcpStream::connect(address).await?);
        Ok(Self { socket: Some(socket), in_transaction: false })
    }

    async fn begin(&mut self) -> std::io::Result<()> {
        self.query("BEGIN").await?;
        self.in_transaction = true;
        Ok(())
    }

    async fn commit(&mut self) -> std::io::Result<()> {
        self.query("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    async fn query(&mut self, query: &str) -> std::io::Result<String> {
        let socket = self.socket.as_mut().ok_or(std::io::ErrorKind::NotConnected)?;
        ask(socket, query).await?;
        let mut rows = String::new();
        socket.read_line(&mut rows).await?;
        Ok(rows)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let (Some(socket), Ok(runtime)) = (self.socket.take(), Handle::try_current()) {
            runtime.spawn(close(FAREWELL.task(), socket, self.in_transaction));
        }
    }
}

/// Rolls back what is open and says goodbye, and lets the database take its time for both.
async fn close(
    task: Task,
    mut socket: BufReader<TcpStream>,
    in_transaction: bool,
) -> std::io::Result<()> {
    let mut answer = String::new();
    if in_transaction {
        ask(&mut socket, "ROLLBACK").await?;
        task.stuck(socket.read_line(&mut answer)).await?;
    }
    ask(&mut socket, "QUIT").await?;
    socket.read_line(&mut answer).await?;
    Ok(())
}

async fn ask(socket: &mut BufReader<TcpStream>, query: &str) -> std::io::Result<()> {
    socket.write_all(format!("{query}\n").as_bytes()).await
}
