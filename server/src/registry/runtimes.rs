//! To which runtime each task belongs: known only while a leak guard asks for it, and free of cost otherwise.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stranded_analysis::facts::Moment;
use tokio::runtime::{self, Handle};

use super::cold::Cold;
use super::id::SlotId;
use super::{Registry, slot::Snapshot};

/// The runtimes of the tasks that were spawned while somebody wanted to know.
#[derive(Debug, Default)]
pub(super) struct Runtimes {
    asking: AtomicUsize,
    of_task: Mutex<HashMap<u64, runtime::Id>>,
}

/// The tasks that a leak guard is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guarded {
    /// Spawned since then,
    pub(crate) since: Moment,
    /// on this runtime; `None`: on any.
    pub(crate) runtime: Option<runtime::Id>,
}

impl Runtimes {
    #[inline]
    pub(super) fn wanted(&self) -> bool {
        self.asking.load(Relaxed) != 0
    }

    /// Notes that this thread's runtime is the task's: the one that polls it, or for want of that the one in which it
    /// is spawned. Tokio is asked here, which only clones the thread's handle.
    #[cold]
    pub(super) fn note(&self, id: SlotId) {
        if let Ok(handle) = Handle::try_current() {
            self.lock().insert(id.raw(), handle.id());
        }
    }

    #[cold]
    pub(super) fn forget(&self, id: SlotId) {
        self.lock().remove(&id.raw());
    }

    fn of(&self, id: SlotId) -> Option<runtime::Id> {
        self.lock().get(&id.raw()).copied()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, runtime::Id>> {
        self.of_task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// From now on until [`Registry::leave_runtimes`], notes the runtimes of new tasks.
    pub(crate) fn ask_runtimes(&self) {
        self.runtimes.asking.fetch_add(1, Relaxed);
    }

    /// One less wants to know the runtimes.
    pub(crate) fn leave_runtimes(&self) {
        if self.runtimes.asking.fetch_sub(1, Relaxed) == 1 {
            self.runtimes.lock().clear();
        }
    }

    /// Whether the task is among the guarded ones.
    pub(super) fn is_guarded(&self, of: &Guarded, seen: &Snapshot, cold: &Cold) -> bool {
        !seen.own()
            && cold.spawned.load(Relaxed) >= of.since.0
            && of.runtime.is_none_or(|runtime| self.runtimes.of(seen.id) == Some(runtime))
    }
}
