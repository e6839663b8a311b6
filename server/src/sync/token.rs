//! [`tokio_util::sync::CancellationToken`], followed by the agent.

use std::future::{Future, poll_fn};
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stranded_analysis::facts::{Hold, ResourceKind, Side};
use tokio_util::sync as util;

use super::prints_as_wrapped;
use super::track::{self, End, Waiting};

/// As [`tokio_util::sync::CancellationToken`].
pub struct CancellationToken {
    inner: util::CancellationToken,
    end: End,
}

prints_as_wrapped! { CancellationToken; }

pin_project! {
    /// As [`tokio_util::sync::WaitForCancellationFuture`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFuture<'a> {
        #[pin]
        waiting: Waiting<util::WaitForCancellationFuture<'a>>,
    }
}

pin_project! {
    /// As [`tokio_util::sync::WaitForCancellationFutureOwned`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFutureOwned {
        #[pin]
        waiting: Waiting<util::WaitForCancellationFutureOwned>,
        // Its token lives as long as it does.
        end: End,
    }
}

impl CancellationToken {
    /// As the original.
    #[track_caller]
    pub fn new() -> Self {
        let channel = track::create(ResourceKind::Token);
        Self { inner: util::CancellationToken::new(), end: End::new(channel.as_ref(), Side::Send) }
    }

    /// As the original.
    #[track_caller]
    pub fn child_token(&self) -> Self {
        self.end.used();
        let channel = track::create(ResourceKind::Token);
        if let (Some(parent), Some(child)) = (self.end.channel(), &channel) {
            parent.adopt(child);
        }
        Self { inner: self.inner.child_token(), end: End::new(channel.as_ref(), Side::Send) }
    }

    /// As the original.
    pub fn cancel(&self) {
        // Before anybody is woken by it.
        if let Some(channel) = self.end.channel().filter(|_| !self.is_cancelled()) {
            channel.cancel();
        }
        self.end.sent();
        self.inner.cancel();
    }

    /// As the original.
    pub fn is_cancelled(&self) -> bool {
        self.inner.is_cancelled()
    }

    /// As the original.
    pub fn cancelled(&self) -> WaitForCancellationFuture<'_> {
        WaitForCancellationFuture {
            waiting: self.end.waiting(Hold::Signal, self.inner.cancelled()),
        }
    }

    /// As the original.
    pub fn cancelled_owned(self) -> WaitForCancellationFutureOwned {
        let Self { inner, end } = self;
        let waiting = end.waiting(Hold::Signal, inner.cancelled_owned());
        WaitForCancellationFutureOwned { waiting, end }
    }

    /// As the original.
    pub fn drop_guard(self) -> DropGuard {
        DropGuard { token: Some(self) }
    }

    /// As the original.
    pub fn drop_guard_ref(&self) -> DropGuardRef<'_> {
        DropGuardRef { token: Some(self) }
    }

    /// As the original.
    pub async fn run_until_cancelled<F>(&self, fut: F) -> Option<F::Output>
    where
        F: Future,
    {
        if self.is_cancelled() {
            return None;
        }
        let (mut future, mut cancelled) = (pin!(fut), pin!(self.cancelled()));
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => cancelled.as_mut().poll(cx).map(|()| None),
        })
        .await
    }

    /// As the original.
    pub async fn run_until_cancelled_owned<F>(self, fut: F) -> Option<F::Output>
    where
        F: Future,
    {
        self.run_until_cancelled(fut).await
    }
}

impl Clone for CancellationToken {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), end: self.end.another(Side::Send) }
    }
}

impl Default for CancellationToken {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for CancellationToken {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for CancellationToken {}

impl Hash for CancellationToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl UnwindSafe for CancellationToken {}
impl RefUnwindSafe for CancellationToken {}

impl Future for WaitForCancellationFuture<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().waiting.poll(cx)
    }
}

impl Future for WaitForCancellationFutureOwned {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().waiting.poll(cx)
    }
}

/// As [`tokio_util::sync::DropGuard`].
#[derive(Debug)]
pub struct DropGuard {
    token: Option<CancellationToken>,
}

impl DropGuard {
    /// As the original.
    #[expect(clippy::missing_panics_doc, reason = "it is there until the guard is used up")]
    pub fn token(&self) -> &CancellationToken {
        self.token.as_ref().expect("the token is there until the guard is used up")
    }

    /// As the original.
    #[expect(clippy::missing_panics_doc, reason = "it is there until the guard is used up")]
    pub fn disarm(mut self) -> CancellationToken {
        self.token.take().expect("the token is there until the guard is used up")
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            token.cancel();
        }
    }
}

/// As [`tokio_util::sync::DropGuardRef`].
#[derive(Debug)]
pub struct DropGuardRef<'a> {
    token: Option<&'a CancellationToken>,
}

impl<'a> DropGuardRef<'a> {
    /// As the original.
    #[expect(clippy::missing_panics_doc, reason = "it is there until the guard is used up")]
    pub fn token(&self) -> &CancellationToken {
        self.token.expect("the token is there until the guard is used up")
    }

    /// As the original.
    #[expect(clippy::missing_panics_doc, reason = "it is there until the guard is used up")]
    pub fn disarm(mut self) -> &'a CancellationToken {
        self.token.take().expect("the token is there until the guard is used up")
    }
}

impl Drop for DropGuardRef<'_> {
    fn drop(&mut self) {
        if let Some(token) = self.token {
            token.cancel();
        }
    }
}
