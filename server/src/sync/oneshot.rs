//! [`tokio::sync::oneshot`], followed by the agent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use stranded_analysis::facts::{Hold, ResourceKind, Side};
use tokio::sync::oneshot;
pub use tokio::sync::oneshot::error;

use super::track::{self, End, Op};
use error::{RecvError, TryRecvError};

/// As [`tokio::sync::oneshot::Sender`].
pub struct Sender<T> {
    inner: oneshot::Sender<T>,
    end: End,
    op: Op,
}

/// As [`tokio::sync::oneshot::Receiver`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Receiver<T> {
    inner: oneshot::Receiver<T>,
    end: End,
    op: Op,
}

impl<T: std::fmt::Debug> std::fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

/// As [`tokio::sync::oneshot::channel`].
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = oneshot::channel();
    let channel = track::create(ResourceKind::Oneshot);
    let channel = channel.as_ref();
    (
        Sender {
            inner: sender,
            end: End::new(channel, Side::Send),
            op: Op::new(channel, Hold::Send),
        },
        Receiver {
            inner: receiver,
            end: End::new(channel, Side::Receive),
            op: Op::new(channel, Hold::Receive),
        },
    )
}

impl<T> Sender<T> {
    /// As Tokio's.
    pub fn send(self, t: T) -> Result<(), T> {
        let Self { inner, end, op } = self;
        drop(op);
        end.sent();
        inner.send(t)
    }

    /// As Tokio's.
    pub async fn closed(&mut self) {
        self.end.used();
        self.op.wait(self.inner.closed()).await;
    }

    /// As Tokio's.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// As Tokio's.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.end.used();
        self.op.poll(|| self.inner.poll_closed(cx))
    }
}

impl<T> Receiver<T> {
    /// As Tokio's.
    pub fn close(&mut self) {
        self.end.close();
        self.inner.close();
    }

    /// As Tokio's.
    pub fn is_terminated(&self) -> bool {
        self.inner.is_terminated()
    }

    /// As Tokio's.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// As Tokio's.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.end.used();
        let received = self.inner.try_recv()?;
        self.op.disarm();
        self.end.received();
        Ok(received)
    }

    /// As Tokio's.
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        self.end.used();
        self.inner.blocking_recv()
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.end.used();
        let polled = this.op.poll(|| Pin::new(&mut this.inner).poll(cx));
        if let Poll::Ready(Ok(_)) = polled {
            this.end.received();
        }
        polled
    }
}
