//! The engine from updates to findings.

mod boundaries;
mod golden;
mod life_cycle;
mod load;
mod merging;
mod scenarios;
