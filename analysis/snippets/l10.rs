use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A connection that says goodbye and waits for the answer.
struct Conn(Option<TcpStream>);

/// Leaks when the peer never answers: nobody holds the handle of this task.
impl Drop for Conn {
    fn drop(&mut self) {
        if let Some(mut leaking) = self.0.take() {
            tokio::spawn(async move {
                leaking.write_all(b"QUIT").await?;
                leaking.read_u8().await
            });
        }
    }
}

/// Ends: whoever has the connection closes it, and does not wait for longer
/// than a second.
async fn fixed(mut conn: Conn) {
    if let Some(mut peer) = conn.0.take() {
        let goodbye = async {
            peer.write_all(b"QUIT").await?;
            peer.read_u8().await
        };
        let _ = timeout(Duration::from_secs(1), goodbye).await;
    }
}
