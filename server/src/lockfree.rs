//! What the lock-free protocols are made of, under a name of our own: `examples/models` compiles the same files with
//! the atomics of `loom` in their place, and smaller tables.

pub(crate) use std::sync::{Mutex, atomic};

/// The size of a table: `full` here, the other in the models.
pub(crate) const fn size(full: usize, _in_models: usize) -> usize {
    full
}
