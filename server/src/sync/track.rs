//! What the wrappers tell the agent. Without an agent every record is `None`, and telling is one comparison.

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stranded_analysis::facts::{Hold, ResourceKind, Side};

use crate::context;
use crate::registry::{Channel, Key, Registry, SlotId};

/// The agent of this process, once it is its subscriber.
static AGENT: OnceLock<Arc<Registry>> = OnceLock::new();

/// From now on the agent follows what is created.
pub(crate) fn follow(registry: &Arc<Registry>) {
    // There is one agent in a process; a second one is never installed.
    let _ = AGENT.set(Arc::clone(registry));
}

/// Something wrapped was created by the caller's caller.
#[track_caller]
pub(super) fn create(kind: ResourceKind) -> Option<Arc<Channel>> {
    AGENT.get()?.open_channel(kind, Location::caller())
}

/// The record of one handle.
#[derive(Debug)]
pub(super) struct End(Option<Known>);

#[derive(Debug)]
struct Known {
    channel: Arc<Channel>,
    key: Key,
    side: Side,
    /// Slot id of the task that used the handle last; [`OUTSIDE`] any task, or 0: not used yet.
    user: AtomicU64,
}

const OUTSIDE: u64 = 1;

impl End {
    pub(super) fn new(channel: Option<&Arc<Channel>>, side: Side) -> Self {
        Self(channel.map(|channel| Known {
            key: channel.add_end(side),
            channel: Arc::clone(channel),
            side,
            user: AtomicU64::new(0),
        }))
    }

    /// Of something that the agent does not follow.
    pub(super) const fn unknown() -> Self {
        Self(None)
    }

    /// What the handle is an end of.
    pub(super) fn channel(&self) -> Option<&Arc<Channel>> {
        self.0.as_ref().map(|known| &known.channel)
    }

    /// Whoever polls here uses the handle.
    #[inline]
    pub(super) fn used(&self) {
        if let Some(known) = &self.0 {
            known.used();
        }
    }

    /// A further handle, made from this one.
    pub(super) fn another(&self, side: Side) -> Self {
        self.used();
        Self::new(self.channel(), side)
    }

    /// Something was sent through it.
    #[inline]
    pub(super) fn sent(&self) {
        if let Some(known) = &self.0 {
            known.used();
            known.channel.hand_over(false);
        }
    }

    /// Something was received through it.
    #[inline]
    pub(super) fn received(&self) {
        if let Some(known) = &self.0 {
            known.used();
            known.channel.hand_over(true);
        }
    }

    /// The channel is closed from here.
    pub(super) fn close(&self) {
        if let Some(known) = &self.0 {
            known.used();
            known.channel.close();
        }
    }

    /// Waits through this handle.
    pub(super) fn waiting<F>(&self, wants: Hold, future: F) -> Waiting<F> {
        self.used();
        Waiting { op: Op::new(self.channel(), wants), future }
    }
}

impl Known {
    #[inline]
    fn used(&self) {
        let user = context::with(context::Context::task).map_or(OUTSIDE, |task| task.id.raw());
        if self.user.load(Relaxed) != user {
            self.user.store(user, Relaxed);
            self.channel.use_end(self.key);
        }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.channel.drop_end(self.key, self.side);
    }
}

/// The record of one operation that may wait.
#[derive(Debug)]
pub(super) struct Op {
    channel: Option<Arc<Channel>>,
    wants: Hold,
    key: Option<Key>,
    /// The task whose own waker the primitive keeps for this operation.
    armed: Option<SlotId>,
}

impl Op {
    pub(super) fn new(channel: Option<&Arc<Channel>>, wants: Hold) -> Self {
        Self { channel: channel.cloned(), wants, key: None, armed: None }
    }

    /// Polls the operation, and notes whether it waits and with whose waker.
    #[inline]
    pub(super) fn poll<R>(&mut self, poll: impl FnOnce() -> Poll<R>) -> Poll<R> {
        if self.channel.is_none() {
            return poll();
        }
        let (result, kept) = context::counting_wakers(poll);
        self.note(result.is_ready(), kept);
        result
    }

    fn note(&mut self, ready: bool, kept: i32) {
        let Some(channel) = &self.channel else { return };
        let task = context::with(context::Context::task).map(|task| task.id);
        self.armed = match (ready, kept.signum()) {
            (true, _) | (_, -1) => None,
            (false, 1) => task,
            // What it kept before is kept on, if it was of this task.
            (false, _) => self.armed.filter(|armed| task == Some(*armed)),
        };
        if ready {
            self.leave();
        } else {
            self.key = channel.wait(self.key, self.wants, self.armed);
        }
    }

    /// The primitive's waker may have been used up unseen.
    pub(super) fn disarm(&mut self) {
        self.armed = None;
        self.leave();
    }

    /// Nobody polls the operation any more.
    fn leave(&mut self) {
        if let (Some(channel), Some(key)) = (&self.channel, self.key.take()) {
            channel.wait_no_more(key);
        }
    }

    /// Waits for `future`, whose primitive keeps one waker from one call to the next.
    pub(super) async fn wait<F: Future>(&mut self, future: F) -> F::Output {
        struct Leaving<'a>(&'a mut Op);
        impl Drop for Leaving<'_> {
            fn drop(&mut self) {
                self.0.leave();
            }
        }
        let mut future = pin!(future);
        let leaving = Leaving(self);
        poll_fn(|cx| leaving.0.poll(|| future.as_mut().poll(cx))).await
    }
}

impl Drop for Op {
    fn drop(&mut self) {
        self.leave();
    }
}

pin_project! {
    /// A future whose waits are noted.
    #[derive(Debug)]
    pub(super) struct Waiting<F> {
        op: Op,
        #[pin]
        future: F,
    }
}

impl<F> Waiting<F> {
    /// The future itself, for what it can do besides being polled.
    pub(super) fn inner(self: Pin<&mut Self>) -> Pin<&mut F> {
        self.project().future
    }
}

impl<F: Future> Future for Waiting<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.op.poll(|| this.future.poll(cx))
    }
}

#[cfg(test)]
mod tests;
