//! Between [`stranded_analysis::facts`] and the wire: `v1::T::from(&facts)` and `facts::T::try_from(wire)`.
//!
//! There is one file per file of facts. Writing never fails: what exceeds [`crate::limits`] is cut, with
//! a mark that a reader sees. Reading never guesses: what breaks a bound or an invariant that the engine
//! relies on is a [`DecodeError`] naming the field. Only enum values from the future are let through, as
//! the `Unknown` of their type.

mod activity;
pub(crate) mod bound;
mod cluster;
mod error;
mod histogram;
pub(crate) mod read;
mod resource;
mod site;
mod stack;
mod target;
mod task;
mod update;
mod view;
mod waiting;

#[cfg(test)]
mod tests;

pub use error::{DecodeError, Fault};
