//! Tokio's task spans as the application's subscriber knows them, where its filters let it see them.
//!
//! Almost never: Tokio's spans are TRACE. Then nothing is looked up and nothing is locked.

use std::collections::HashMap;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::sync::{PoisonError, RwLock};

use tracing_core::span::Id;

use crate::registry::SlotId;

/// The inner subscriber's id of each mirrored task span.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    any: AtomicBool,
    ids: RwLock<HashMap<u64, Id>>,
}

impl Mirror {
    pub(super) fn insert(&self, task: SlotId, inner: Id) {
        self.ids.write().unwrap_or_else(PoisonError::into_inner).insert(task.raw(), inner);
        self.any.store(true, Release);
    }

    #[inline]
    pub(super) fn get(&self, task: SlotId) -> Option<Id> {
        if !self.any.load(Acquire) {
            return None;
        }
        self.ids.read().unwrap_or_else(PoisonError::into_inner).get(&task.raw()).cloned()
    }

    /// Calls `act` with the inner id, holding no lock.
    #[inline]
    pub(super) fn with(&self, task: SlotId, act: impl FnOnce(&Id)) {
        if let Some(id) = self.get(task) {
            act(&id);
        }
    }

    pub(super) fn remove(&self, task: SlotId) {
        if self.any.load(Acquire) {
            self.ids.write().unwrap_or_else(PoisonError::into_inner).remove(&task.raw());
        }
    }
}
