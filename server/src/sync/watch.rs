//! [`tokio::sync::watch`], followed by the agent.

use stranded_analysis::facts::{Hold, ResourceKind, Side};
use tokio::sync::watch;
pub use tokio::sync::watch::{Ref, error};

use super::track::{self, End};
use error::{RecvError, SendError};

/// As [`tokio::sync::watch::Sender`].
pub struct Sender<T> {
    inner: watch::Sender<T>,
    end: End,
}

/// As [`tokio::sync::watch::Receiver`].
pub struct Receiver<T> {
    inner: watch::Receiver<T>,
    end: End,
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

/// As [`tokio::sync::watch::channel`].
#[track_caller]
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = watch::channel(init);
    let channel = track::create(ResourceKind::Watch);
    let channel = channel.as_ref();
    (
        Sender { inner: sender, end: End::new(channel, Side::Send) },
        Receiver { inner: receiver, end: End::new(channel, Side::Receive) },
    )
}

impl<T> Receiver<T> {
    /// As Tokio's.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.end.used();
        self.inner.borrow()
    }

    /// As Tokio's.
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        self.end.received();
        self.inner.borrow_and_update()
    }

    /// As Tokio's.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        self.end.used();
        self.inner.has_changed()
    }

    /// As Tokio's.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// As Tokio's.
    pub fn mark_changed(&mut self) {
        self.end.used();
        self.inner.mark_changed();
    }

    /// As Tokio's.
    pub fn mark_unchanged(&mut self) {
        self.end.used();
        self.inner.mark_unchanged();
    }

    /// As Tokio's.
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        self.end.waiting(Hold::Receive, self.inner.changed()).await?;
        self.end.received();
        Ok(())
    }

    /// As Tokio's.
    pub async fn wait_for(&mut self, f: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, RecvError> {
        let seen = self.end.waiting(Hold::Receive, self.inner.wait_for(f)).await?;
        self.end.received();
        Ok(seen)
    }

    /// As Tokio's.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), end: self.end.another(Side::Receive) }
    }
}

impl<T> Sender<T> {
    /// As Tokio's.
    #[track_caller]
    pub fn new(init: T) -> Self {
        let channel = track::create(ResourceKind::Watch);
        Self { inner: watch::Sender::new(init), end: End::new(channel.as_ref(), Side::Send) }
    }

    /// As Tokio's.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.end.sent();
        self.inner.send(value)
    }

    /// As Tokio's.
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.end.sent();
        self.inner.send_modify(modify);
    }

    /// As Tokio's.
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        self.end.sent();
        self.inner.send_if_modified(modify)
    }

    /// As Tokio's.
    pub fn send_replace(&self, value: T) -> T {
        self.end.sent();
        self.inner.send_replace(value)
    }

    /// As Tokio's.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.end.used();
        self.inner.borrow()
    }

    /// As Tokio's.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// As Tokio's.
    pub async fn closed(&self) {
        self.end.waiting(Hold::Send, self.inner.closed()).await;
    }

    /// As Tokio's.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver { inner: self.inner.subscribe(), end: self.end.another(Side::Receive) }
    }

    /// As Tokio's.
    pub fn receiver_count(&self) -> usize {
        self.inner.receiver_count()
    }

    /// As Tokio's.
    pub fn sender_count(&self) -> usize {
        self.inner.sender_count()
    }

    /// As Tokio's.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), end: self.end.another(Side::Send) }
    }
}

impl<T: Default> Default for Sender<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}
