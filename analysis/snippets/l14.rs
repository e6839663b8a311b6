use std::io::{self, Read};
use std::net::TcpStream;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Leaks a thread: the timeout ends the wait for it, not the read.
async fn leaking(mut peer: TcpStream) {
    let read = spawn_blocking(move || peer.read(&mut [0; 1024]));
    let _ = timeout(Duration::from_secs(5), read).await;
}

/// Ends: the read itself has a deadline.
async fn fixed(mut peer: TcpStream) -> io::Result<usize> {
    peer.set_read_timeout(Some(Duration::from_secs(5)))?;
    spawn_blocking(move || peer.read(&mut [0; 1024])).await?
}
