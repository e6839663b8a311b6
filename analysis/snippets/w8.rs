use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Holds 64 KiB for each idle connection: the buffer lives across the await,
/// and so inside the future.
async fn leaking(mut peer: TcpStream) -> io::Result<usize> {
    let mut buffer = [0; 65_536];
    peer.read(&mut buffer).await
}

/// Holds the buffer only while there is something to read.
async fn fixed(peer: TcpStream) -> io::Result<usize> {
    peer.readable().await?;
    let mut buffer = vec![0; 65_536];
    peer.try_read(&mut buffer)
}
