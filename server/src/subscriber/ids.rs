//! Span ids of the application that happen to carry our tag.

use std::collections::HashSet;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::sync::{PoisonError, RwLock};

use crate::registry::SlotId;

/// The set of them; empty with `tracing_subscriber::Registry`, whose ids never carry it.
#[derive(Debug, Default)]
pub(super) struct ForeignIds {
    any: AtomicBool,
    ids: RwLock<HashSet<u64>>,
}

impl ForeignIds {
    /// The application's subscriber has made a span with that id.
    #[inline]
    pub(super) fn note(&self, id: u64) {
        if SlotId::from_raw(id).is_some() {
            self.ids.write().unwrap_or_else(PoisonError::into_inner).insert(id);
            self.any.store(true, Release);
        }
    }

    /// That span is closed, and its id free again.
    pub(super) fn forget(&self, id: u64) {
        if self.any.load(Acquire) {
            self.ids.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        }
    }

    /// Whether the id belongs to the application.
    #[inline]
    pub(super) fn contains(&self, id: u64) -> bool {
        self.any.load(Acquire)
            && self.ids.read().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }
}
