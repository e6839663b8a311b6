//! In place of the agent's `lockfree`.

pub(crate) use loom::sync::{Mutex, atomic};

/// The size of a table.
pub(crate) const fn size(_full: usize, in_models: usize) -> usize {
    in_models
}
