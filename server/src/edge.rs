//! What every service of the agent shows: the facts of the source, and the agent's own state on top.

use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use stranded_analysis::facts::{BootId, TargetInfo};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use crate::faults::Faults;
use crate::source::Source;

/// The most viewers at a time.
const MOST_VIEWERS: usize = 32;

/// What the services share.
pub(crate) struct Edge {
    source: Arc<dyn Source>,
    faults: Faults,
    boot: BootId,
    places: Arc<Semaphore>,
}

impl Edge {
    /// The edge of a new run of this process.
    pub(crate) fn new(source: Arc<dyn Source>, faults: Faults) -> Self {
        let boot = BootId(RandomState::new().hash_one(std::process::id()));
        Self { source, faults, boot, places: Arc::new(Semaphore::new(MOST_VIEWERS)) }
    }

    /// The facts of this process.
    pub(crate) fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// What the agent could not do.
    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The run of this process.
    pub(crate) fn boot(&self) -> BootId {
        self.boot
    }

    /// Who this process is, with what the agent could not do.
    pub(crate) fn target(&self) -> TargetInfo {
        TargetInfo { faults: self.faults.sentences(), ..self.source.target() }
    }

    /// A place for one more viewer, until it is dropped.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, Status> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            Status::resource_exhausted(format!(
                "{MOST_VIEWERS} viewers are attached, which is the most; close one and try again"
            ))
        })
    }

    /// What `look` gives; if it panics, that is counted and the viewer told.
    pub(crate) fn guarded<T>(&self, look: impl FnOnce() -> T) -> Result<T, Status> {
        catch_unwind(AssertUnwindSafe(look)).map_err(|payload| {
            self.faults.panicked("look at the process", &*payload);
            Status::internal("the agent failed to look at its process; `stranded doctor` says why")
        })
    }
}
