//! [`tokio::sync::Notify`], followed by the agent.

use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stranded_analysis::facts::{Hold, ResourceKind, Side};

use super::prints_as_wrapped;
use super::track::{self, End, Waiting};

/// As [`tokio::sync::Notify`], but for `notified_owned`, whose future would need an allocation here.
pub struct Notify {
    inner: tokio::sync::Notify,
    end: End,
}

prints_as_wrapped! { Notify; }

pin_project! {
    /// As [`tokio::sync::futures::Notified`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Notified<'a> {
        #[pin]
        waiting: Waiting<tokio::sync::futures::Notified<'a>>,
    }
}

impl Notify {
    /// As Tokio's.
    #[track_caller]
    pub fn new() -> Self {
        let channel = track::create(ResourceKind::Notify);
        Self { inner: tokio::sync::Notify::new(), end: End::new(channel.as_ref(), Side::Send) }
    }

    /// As Tokio's. The agent does not follow it: a constant comes before any agent.
    pub const fn const_new() -> Self {
        Self { inner: tokio::sync::Notify::const_new(), end: End::unknown() }
    }

    /// As Tokio's.
    pub fn notified(&self) -> Notified<'_> {
        Notified { waiting: self.end.waiting(Hold::Signal, self.inner.notified()) }
    }

    /// As Tokio's.
    pub fn notify_one(&self) {
        self.end.sent();
        self.inner.notify_one();
    }

    /// As Tokio's.
    pub fn notify_last(&self) {
        self.end.sent();
        self.inner.notify_last();
    }

    /// As Tokio's.
    pub fn notify_waiters(&self) {
        self.end.sent();
        self.inner.notify_waiters();
    }
}

impl Default for Notify {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl UnwindSafe for Notify {}
impl RefUnwindSafe for Notify {}

impl Notified<'_> {
    /// As Tokio's.
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.project().waiting.inner().enable()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().waiting.poll(cx)
    }
}
