//! The atomics of the lock-free protocols, under a name of our own: the models in `tests/models.rs` compile the same
//! files with those of `loom` in their place.

pub(crate) use std::sync::atomic;
