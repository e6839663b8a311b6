//! Tokio's spans as the application's subscriber knows them, where its filters let it see them.
//!
//! Almost never: Tokio's spans are TRACE. Then nothing is looked up and nothing is locked.

use std::collections::HashMap;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::sync::{PoisonError, RwLock};

use tracing_core::span::Id;

/// The inner subscriber's id of each mirrored span, by ours.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    any: AtomicBool,
    ids: RwLock<HashMap<u64, Id>>,
}

impl Mirror {
    pub(super) fn insert(&self, own: u64, inner: Id) {
        self.ids.write().unwrap_or_else(PoisonError::into_inner).insert(own, inner);
        self.any.store(true, Release);
    }

    #[inline]
    pub(super) fn get(&self, own: u64) -> Option<Id> {
        if !self.any.load(Acquire) {
            return None;
        }
        self.ids.read().unwrap_or_else(PoisonError::into_inner).get(&own).cloned()
    }

    /// Calls `act` with the inner id, holding no lock.
    #[inline]
    pub(super) fn with(&self, own: u64, act: impl FnOnce(&Id)) {
        if let Some(id) = self.get(own) {
            act(&id);
        }
    }

    pub(super) fn remove(&self, own: u64) {
        if self.any.load(Acquire) {
            self.ids.write().unwrap_or_else(PoisonError::into_inner).remove(&own);
        }
    }
}
