//! Listens in on a connection, to tell afterwards what kind of server it was.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many of the first bytes are kept.
const KEPT: usize = 64;

/// The first bytes that came from the other side, as far as they have come.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<u8>>>);

/// What a server's first bytes say it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// It said nothing.
    Silent,
    /// It answered in HTTP/1, or with the bare page of HTTP/0.9.
    Http1,
    /// It opened with the settings of HTTP/2, as gRPC does.
    Http2,
    /// It expects TLS.
    Tls,
    /// Something else; its first bytes, printable.
    Other(String),
}

impl Heard {
    fn note(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT - kept.len();
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// What has been heard so far.
    pub(super) fn voice(&self) -> Voice {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Voice::of(&kept)
    }
}

impl Voice {
    /// What `first`, the first bytes of a server, say.
    pub(super) fn of(first: &[u8]) -> Self {
        match first {
            [] => Self::Silent,
            // A frame header: length, type 4 (settings), flags, stream 0.
            [_, _, _, 4, _, 0, 0, 0, 0, ..] => Self::Http2,
            // An alert or a handshake record, version 3.x.
            [0x15 | 0x16, 3, ..] => Self::Tls,
            _ if first.starts_with(b"HTTP/") || is_page(first) => Self::Http1,
            _ => Self::Other(first.escape_ascii().to_string().chars().take(KEPT).collect()),
        }
    }
}

/// Whether a page begins like that: what some servers answer to a protocol that they do not know.
fn is_page(first: &[u8]) -> bool {
    [&b"<!doctype html"[..], b"<html"].into_iter().any(|start| {
        first.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    })
}

/// A connection whose first received bytes are kept.
pub(super) struct Tap<S> {
    stream: S,
    heard: Heard,
}

impl<S> Tap<S> {
    pub(super) fn new(stream: S) -> (Self, Heard) {
        let heard = Heard::default();
        (Self { stream, heard: heard.clone() }, heard)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.heard.note(&buffer.filled()[before..]);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[test]
    fn a_server_is_known_by_its_first_bytes() {
        for (first, voice) in [
            (&b""[..], Voice::Silent),
            (b"HTTP/1.1 400 Bad Request\r\n", Voice::Http1),
            (b"<!DOCTYPE HTML>\n<html lang=\"en\">", Voice::Http1),
            (b"\0\0\x12\x04\0\0\0\0\0\0\x03", Voice::Http2),
            (b"\x15\x03\x01\0\x02\x02\x46", Voice::Tls),
            (b"SSH-2.0-OpenSSH_9.7\r\n", Voice::Other("SSH-2.0-OpenSSH_9.7\\r\\n".to_owned())),
            (b"\x1b[2J", Voice::Other("\\x1b[2J".to_owned())),
        ] {
            assert_eq!(Voice::of(first), voice);
        }
    }

    #[tokio::test]
    async fn only_the_first_bytes_are_kept_and_all_are_passed_on() {
        let (near, mut far) = duplex(4096);
        let (mut tap, heard) = Tap::new(near);
        assert_eq!(heard.voice(), Voice::Silent);

        far.write_all(&[b'x'; 1000]).await.unwrap();
        let mut all = [0; 1000];
        tap.read_exact(&mut all).await.unwrap();

        assert_eq!(all, [b'x'; 1000]);
        assert_eq!(heard.voice(), Voice::Other("x".repeat(KEPT)));
    }
}
