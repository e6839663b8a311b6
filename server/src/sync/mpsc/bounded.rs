//! The bounded channel.

use std::task::{Context, Poll};
use std::time::Duration;

use stranded_analysis::facts::{Hold, ResourceKind, Side};
use tokio::sync::mpsc;

use super::error::{self, SendError, SendTimeoutError, TrySendError};
use super::receiver_methods;
use crate::sync::prints_as_wrapped;
use crate::sync::track::{self, End, Op};

/// As [`tokio::sync::mpsc::Sender`].
pub struct Sender<T> {
    inner: mpsc::Sender<T>,
    end: End,
}

/// As [`tokio::sync::mpsc::WeakSender`].
pub struct WeakSender<T> {
    inner: mpsc::WeakSender<T>,
    end: End,
}

/// As [`tokio::sync::mpsc::Permit`].
pub struct Permit<'a, T> {
    inner: mpsc::Permit<'a, T>,
    end: &'a End,
}

/// As [`tokio::sync::mpsc::PermitIterator`].
pub struct PermitIterator<'a, T> {
    inner: mpsc::PermitIterator<'a, T>,
    end: &'a End,
}

/// As [`tokio::sync::mpsc::OwnedPermit`].
pub struct OwnedPermit<T> {
    inner: mpsc::OwnedPermit<T>,
    end: End,
}

/// As [`tokio::sync::mpsc::Receiver`].
pub struct Receiver<T> {
    inner: mpsc::Receiver<T>,
    end: End,
    op: Op,
}

prints_as_wrapped! {
    Sender<T>; WeakSender<T>; Permit<'a, T>; PermitIterator<'a, T>; OwnedPermit<T>; Receiver<T>;
}

/// As [`tokio::sync::mpsc::channel`].
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = mpsc::channel(buffer);
    let channel = track::create(ResourceKind::Mpsc);
    let channel = channel.as_ref();
    (
        Sender { inner: sender, end: End::new(channel, Side::Send) },
        Receiver {
            inner: receiver,
            end: End::new(channel, Side::Receive),
            op: Op::new(channel, Hold::Receive),
        },
    )
}

impl<T> Receiver<T> {
    receiver_methods! {}

    /// As Tokio's.
    pub fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    /// As Tokio's.
    pub fn max_capacity(&self) -> usize {
        self.inner.max_capacity()
    }
}

impl<T> Sender<T> {
    /// As Tokio's.
    pub async fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.end.waiting(Hold::Send, self.inner.send(value)).await?;
        self.end.sent();
        Ok(())
    }

    /// As Tokio's.
    pub async fn closed(&self) {
        self.end.waiting(Hold::Send, self.inner.closed()).await;
    }

    /// As Tokio's.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.end.used();
        self.inner.try_send(message)?;
        self.end.sent();
        Ok(())
    }

    /// As Tokio's.
    pub async fn send_timeout(
        &self,
        value: T,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        // The wait has a timer beside it, which no record of this channel tells.
        self.end.used();
        self.inner.send_timeout(value, timeout).await?;
        self.end.sent();
        Ok(())
    }

    /// As Tokio's.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        self.end.used();
        self.inner.blocking_send(value)?;
        self.end.sent();
        Ok(())
    }

    /// As Tokio's.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// As Tokio's.
    pub async fn reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        let inner = self.end.waiting(Hold::Send, self.inner.reserve()).await?;
        Ok(Permit { inner, end: &self.end })
    }

    /// As Tokio's.
    pub async fn reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        let inner = self.end.waiting(Hold::Send, self.inner.reserve_many(n)).await?;
        Ok(PermitIterator { inner, end: &self.end })
    }

    /// As Tokio's.
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        let Self { inner, end } = self;
        let inner = end.waiting(Hold::Send, inner.reserve_owned()).await?;
        Ok(OwnedPermit { inner, end })
    }

    /// As Tokio's.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.end.used();
        Ok(Permit { inner: self.inner.try_reserve()?, end: &self.end })
    }

    /// As Tokio's.
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        self.end.used();
        Ok(PermitIterator { inner: self.inner.try_reserve_many(n)?, end: &self.end })
    }

    /// As Tokio's.
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        let Self { inner, end } = self;
        end.used();
        match inner.try_reserve_owned() {
            Ok(inner) => Ok(OwnedPermit { inner, end }),
            Err(TrySendError::Full(inner)) => Err(TrySendError::Full(Self { inner, end })),
            Err(TrySendError::Closed(inner)) => Err(TrySendError::Closed(Self { inner, end })),
        }
    }

    /// As Tokio's.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// As Tokio's.
    pub fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    /// As Tokio's.
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { inner: self.inner.downgrade(), end: self.end.another(Side::Send) }
    }

    /// As Tokio's.
    pub fn max_capacity(&self) -> usize {
        self.inner.max_capacity()
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

impl<T> Permit<'_, T> {
    /// As Tokio's.
    pub fn send(self, value: T) {
        self.inner.send(value);
        self.end.sent();
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Permit { inner: self.inner.next()?, end: self.end })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> std::iter::FusedIterator for PermitIterator<'_, T> {}

impl<T> OwnedPermit<T> {
    /// As Tokio's.
    pub fn send(self, value: T) -> Sender<T> {
        let inner = self.inner.send(value);
        self.end.sent();
        Sender { inner, end: self.end }
    }

    /// As Tokio's.
    pub fn release(self) -> Sender<T> {
        self.end.used();
        Sender { inner: self.inner.release(), end: self.end }
    }

    /// As Tokio's.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// As Tokio's.
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.inner.same_channel_as_sender(&sender.inner)
    }
}
