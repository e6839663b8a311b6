//! Wrapped channels, tokens and notifiers: their handles, and the tasks that wait in them.
//!
//! The wrappers of [`crate::sync`] write here from inside the application's own calls, never from inside Tokio. Each
//! wrapped thing has one record behind a mutex of its own ([`channel`]); a handle that the same task uses again and
//! again, and a wait that is over at once, take no lock.
//!
//! A wait is believed for as long as its task was not polled again without it, and only if the task's own waker was
//! cloned in it: what a set of futures polls keeps inner wakers, of which one cannot say whom they wake.

mod channel;
mod reading;
mod told;

use std::collections::HashMap;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use stranded_analysis::facts::ResourceKind;

use super::Registry;
use super::resources::mark::Mark;
use crate::context;
use crate::own;

pub(crate) use channel::{Channel, Key};
pub(super) use reading::Wrapped;
pub(super) use told::ToldTally;

const SHARDS: usize = 16;
/// Wrapped things followed in one shard; further ones work, and tell nothing.
const SHARD_LIMIT: usize = 1 << 13;

/// Every wrapped thing that is alive.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    shards: [Mutex<HashMap<u64, Weak<Channel>>>; SHARDS],
    /// Ever numbered.
    numbered: AtomicU64,
}

/// The task that this thread polls.
fn here() -> Option<Mark> {
    context::with(context::Context::task).map(Mark::of)
}

impl Handles {
    fn shard(&self, number: u64) -> MutexGuard<'_, HashMap<u64, Weak<Channel>>> {
        let shard = &self.shards[number as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that are alive.
    fn all(&self) -> Vec<Arc<Channel>> {
        let mut all = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend(shard.values().filter_map(Weak::upgrade));
        }
        all
    }
}

impl Registry {
    /// Something wrapped is created on this thread. `None`: it is the agent's own, or there is no room for it.
    pub(crate) fn open_channel(
        self: &Arc<Self>,
        kind: ResourceKind,
        place: &'static Location<'static>,
    ) -> Option<Arc<Channel>> {
        if own::is_own() {
            return None;
        }
        let number = self.handles.numbered.fetch_add(1, Relaxed) + 1;
        let mut shard = self.handles.shard(number);
        if shard.len() >= SHARD_LIMIT {
            return None;
        }
        let channel = Arc::new(Channel::new(Arc::clone(self), number, kind, place));
        shard.insert(number, Arc::downgrade(&channel));
        Some(channel)
    }

    fn close_channel(&self, number: u64) {
        self.handles.shard(number).remove(&number);
    }
}
