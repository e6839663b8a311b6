use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Keeps a connection whose client is long gone, unless the client says so.
async fn leaking(mut requests: Lines<BufReader<TcpStream>>) {
    while let Ok(Some(_)) = requests.next_line().await {}
}

/// Ends: a connection that is silent for a minute is closed.
async fn fixed(mut requests: Lines<BufReader<TcpStream>>) {
    let idle = Duration::from_secs(60);
    while let Ok(Ok(Some(_))) = timeout(idle, requests.next_line()).await {}
}

/// The lines of a connection.
fn requests(peer: TcpStream) -> Lines<BufReader<TcpStream>> {
    BufReader::new(peer).lines()
}
