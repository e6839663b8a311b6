//! The engine from updates to findings.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod boundaries;
mod clauses;
mod golden;
mod known_crates;
mod laws;
mod life_cycle;
mod load;
mod merging;
mod scenarios;
