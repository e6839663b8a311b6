//! [`tokio::sync::broadcast`], followed by the agent.

use stranded_analysis::facts::{Hold, ResourceKind, Side};
use tokio::sync::broadcast;
pub use tokio::sync::broadcast::error;

use super::prints_as_wrapped;
use super::track::{self, End};
use error::{RecvError, SendError, TryRecvError};

/// As [`tokio::sync::broadcast::Sender`].
pub struct Sender<T> {
    inner: broadcast::Sender<T>,
    end: End,
}

/// As [`tokio::sync::broadcast::WeakSender`].
pub struct WeakSender<T> {
    inner: broadcast::WeakSender<T>,
    end: End,
}

/// As [`tokio::sync::broadcast::Receiver`].
pub struct Receiver<T> {
    inner: broadcast::Receiver<T>,
    end: End,
}

prints_as_wrapped! { Sender<T>; WeakSender<T>; Receiver<T>; }

/// As [`tokio::sync::broadcast::channel`].
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = broadcast::channel(capacity);
    let channel = track::create(ResourceKind::Broadcast);
    let channel = channel.as_ref();
    (
        Sender { inner: sender, end: End::new(channel, Side::Send) },
        Receiver { inner: receiver, end: End::new(channel, Side::Receive) },
    )
}

impl<T> Sender<T> {
    /// As Tokio's.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        let channel = track::create(ResourceKind::Broadcast);
        Self {
            inner: broadcast::Sender::new(capacity),
            end: End::new(channel.as_ref(), Side::Send),
        }
    }

    /// As Tokio's.
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.end.sent();
        self.inner.send(value)
    }

    /// As Tokio's.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver { inner: self.inner.subscribe(), end: self.end.another(Side::Receive) }
    }

    /// As Tokio's.
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { inner: self.inner.downgrade(), end: self.end.another(Side::Send) }
    }

    /// As Tokio's.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// As Tokio's.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// As Tokio's.
    pub fn receiver_count(&self) -> usize {
        self.inner.receiver_count()
    }

    /// As Tokio's.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// As Tokio's.
    pub async fn closed(&self) {
        self.end.waiting(Hold::Send, self.inner.closed()).await;
    }

    /// As Tokio's.
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// As Tokio's.
    pub fn weak_count(&self) -> usize {
        self.inner.weak_count()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), end: self.end.another(Side::Send) }
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), end: self.end.another(Side::Send) }
    }
}

impl<T> WeakSender<T> {
    /// As Tokio's.
    #[must_use = "an upgraded sender that is dropped at once does nothing"]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let inner = self.inner.upgrade()?;
        Some(Sender { inner, end: self.end.another(Side::Send) })
    }

    /// As Tokio's.
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// As Tokio's.
    pub fn weak_count(&self) -> usize {
        self.inner.weak_count()
    }
}

impl<T> Receiver<T> {
    /// As Tokio's.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// As Tokio's.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// As Tokio's.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// As Tokio's.
    pub fn sender_strong_count(&self) -> usize {
        self.inner.sender_strong_count()
    }

    /// As Tokio's.
    pub fn sender_weak_count(&self) -> usize {
        self.inner.sender_weak_count()
    }

    /// As Tokio's.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }
}

impl<T: Clone> Receiver<T> {
    /// As Tokio's.
    pub fn resubscribe(&self) -> Self {
        Self { inner: self.inner.resubscribe(), end: self.end.another(Side::Receive) }
    }

    /// As Tokio's.
    pub async fn recv(&mut self) -> Result<T, RecvError> {
        let received = self.end.waiting(Hold::Receive, self.inner.recv()).await?;
        self.end.received();
        Ok(received)
    }

    /// As Tokio's.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.end.used();
        let received = self.inner.try_recv()?;
        self.end.received();
        Ok(received)
    }

    /// As Tokio's.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        self.end.used();
        self.inner.blocking_recv()
    }
}
