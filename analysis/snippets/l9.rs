use std::io;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Leaks when the peer takes the connection and then says nothing.
async fn leaking(upstream: &str) -> io::Result<u8> {
    let mut peer = TcpStream::connect(upstream).await?;
    peer.read_u8().await
}

/// Ends: the whole exchange has a deadline.
async fn fixed(upstream: &str) -> io::Result<u8> {
    let exchange = async {
        let mut peer = TcpStream::connect(upstream).await?;
        peer.read_u8().await
    };
    timeout(Duration::from_secs(5), exchange).await?
}
