//! Span ids of the application that happen to carry our tag.

use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};

use super::Own;

/// Whether there has been any; never with `tracing_subscriber::Registry`. Then the tag alone proves nothing, and the
/// slot has to be asked.
#[derive(Debug, Default)]
pub(super) struct ForeignIds(AtomicBool);

impl ForeignIds {
    /// The application's subscriber has made a span with that id.
    #[inline]
    pub(super) fn note(&self, id: u64) {
        if Own::from_raw(id).is_some() {
            self.0.store(true, Release);
        }
    }

    /// Whether the application has ids with our tag.
    #[inline]
    pub(super) fn any(&self) -> bool {
        self.0.load(Acquire)
    }
}
