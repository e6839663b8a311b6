//! Accepted connections: a bounded number, each of which has to speak soon.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Sleep;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::Listener;
use crate::faults::{Faults, Part};

/// What connections may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// The most at a time, whatever they are for.
    most: usize,
    /// The time that a client has for its first byte.
    first_byte: Duration,
}

const LIMITS: Limits = Limits { most: 64, first_byte: Duration::from_secs(10) };
/// The pause after a failure to accept: usually the process is out of file descriptors.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// Any stream of bytes to a client.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// An open connection.
pub(crate) struct Connection {
    wire: Box<dyn Wire>,
    /// Until the first byte has come.
    patience: Option<Pin<Box<Sleep>>>,
    /// Its place among the open connections.
    _place: OwnedSemaphorePermit,
}

/// The connections to `listener`, as they come. Those beyond the bound are closed at once.
pub(crate) fn connections(
    listener: Listener,
    faults: Faults,
) -> ReceiverStream<io::Result<Connection>> {
    let (accepted, connections) = mpsc::channel(1);
    tokio::spawn(accept(listener, faults, LIMITS, accepted));
    ReceiverStream::new(connections)
}

/// Accepts connections until nobody wants them.
async fn accept(
    listener: Listener,
    faults: Faults,
    limits: Limits,
    accepted: mpsc::Sender<io::Result<Connection>>,
) {
    let places = Arc::new(Semaphore::new(limits.most));
    loop {
        let next = tokio::select! {
            next = listener.accept() => next,
            () = accepted.closed() => return,
        };
        let wire = match next {
            Ok(wire) => wire,
            Err(error) => {
                faults.note(Part::Accept, format!("cannot accept viewers: {error}"));
                tokio::time::sleep(AFTER_FAILURE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let most = limits.most;
            faults.note(Part::Accept, format!("{most} connections are open: new ones are closed"));
            continue;
        };
        faults.settle(Part::Accept, "accepting viewers again");
        let patience = Some(Box::pin(tokio::time::sleep(limits.first_byte)));
        if accepted.send(Ok(Connection { wire, patience, _place: place })).await.is_err() {
            return;
        }
    }
}

impl Listener {
    /// The next connection.
    async fn accept(&self) -> io::Result<Box<dyn Wire>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Updates are written whole; waiting for more would only delay them.
                stream.set_nodelay(true).ok();
                Ok(Box::new(stream))
            }
            #[cfg(unix)]
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.wire).poll_read(cx, buf);
        if read.is_ready() {
            self.patience = None;
        } else if let Some(patience) = &mut self.patience
            && patience.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio_stream::StreamExt as _;

    use super::*;
    use crate::config::Config;
    use crate::listen::{Address, listen};

    async fn accepting(
        limits: Limits,
        faults: Faults,
    ) -> (std::net::SocketAddr, ReceiverStream<io::Result<Connection>>) {
        let config = Config { bind: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
        let (listener, address) = listen(&config, &faults).await.unwrap();
        let Address::Tcp(address) = address else { panic!("{address}") };
        let (accepted, connections) = mpsc::channel(1);
        tokio::spawn(accept(listener, faults, limits, accepted));
        (address, ReceiverStream::new(connections))
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_is_given_up() {
        let limits = Limits { first_byte: Duration::from_millis(20), ..LIMITS };
        let (address, mut connections) = accepting(limits, Faults::default()).await;
        let _silent = TcpStream::connect(address).await.unwrap();
        let mut connection = connections.next().await.unwrap().unwrap();
        let gave_up = connection.read_u8().await.unwrap_err();
        assert_eq!(gave_up.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_client_that_has_spoken_may_be_silent() {
        let limits = Limits { first_byte: Duration::from_millis(20), ..LIMITS };
        let (address, mut connections) = accepting(limits, Faults::default()).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_u8(1).await.unwrap();
        let mut connection = connections.next().await.unwrap().unwrap();
        assert_eq!(connection.read_u8().await.unwrap(), 1);

        let (waited, _) = tokio::join!(connection.read_u8(), async {
            tokio::time::sleep(limits.first_byte * 3).await;
            client.write_u8(2).await
        });
        assert_eq!(waited.unwrap(), 2);
    }

    #[tokio::test]
    async fn connections_beyond_the_bound_are_closed_until_one_ends() {
        let faults = Faults::default();
        let (address, mut connections) =
            accepting(Limits { most: 1, ..LIMITS }, faults.clone()).await;
        let _first = TcpStream::connect(address).await.unwrap();
        let first = connections.next().await.unwrap().unwrap();

        let mut second = TcpStream::connect(address).await.unwrap();
        assert_eq!(second.read(&mut [0]).await.unwrap(), 0, "closed");
        assert_eq!(faults.sentences(), ["1 connections are open: new ones are closed"]);

        drop(first);
        let _third = TcpStream::connect(address).await.unwrap();
        assert!(connections.next().await.unwrap().is_ok());
        assert!(faults.sentences().is_empty());
    }
}
