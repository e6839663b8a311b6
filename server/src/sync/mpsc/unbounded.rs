//! The unbounded channel.

use std::task::{Context, Poll};

use stranded_analysis::facts::{Hold, ResourceKind, Side};
use tokio::sync::mpsc;

use super::error::{self, SendError};
use super::receiver_methods;
use crate::sync::prints_as_wrapped;
use crate::sync::track::{self, End, Op};

/// As [`tokio::sync::mpsc::UnboundedSender`].
pub struct UnboundedSender<T> {
    inner: mpsc::UnboundedSender<T>,
    end: End,
}

/// As [`tokio::sync::mpsc::WeakUnboundedSender`].
pub struct WeakUnboundedSender<T> {
    inner: mpsc::WeakUnboundedSender<T>,
    end: End,
}

/// As [`tokio::sync::mpsc::UnboundedReceiver`].
pub struct UnboundedReceiver<T> {
    inner: mpsc::UnboundedReceiver<T>,
    end: End,
    op: Op,
}

prints_as_wrapped! { UnboundedSender<T>; WeakUnboundedSender<T>; UnboundedReceiver<T>; }

/// As [`tokio::sync::mpsc::unbounded_channel`].
#[track_caller]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let channel = track::create(ResourceKind::Mpsc);
    let channel = channel.as_ref();
    (
        UnboundedSender { inner: sender, end: End::new(channel, Side::Send) },
        UnboundedReceiver {
            inner: receiver,
            end: End::new(channel, Side::Receive),
            op: Op::new(channel, Hold::Receive),
        },
    )
}

impl<T> UnboundedReceiver<T> {
    receiver_methods! {}
}

impl<T> UnboundedSender<T> {
    /// As Tokio's.
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.end.used();
        self.inner.send(message)?;
        self.end.sent();
        Ok(())
    }

    /// As Tokio's.
    pub async fn closed(&self) {
        self.end.waiting(Hold::Send, self.inner.closed()).await;
    }

    /// As Tokio's.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// As Tokio's.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// As Tokio's.
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender { inner: self.inner.downgrade(), end: self.end.another(Side::Send) }
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

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), end: self.end.another(Side::Send) }
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), end: self.end.another(Side::Send) }
    }
}

impl<T> WeakUnboundedSender<T> {
    /// As Tokio's.
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        let inner = self.inner.upgrade()?;
        Some(UnboundedSender { inner, end: self.end.another(Side::Send) })
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
