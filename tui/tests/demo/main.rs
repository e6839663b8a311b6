//! The demo service as a process, and what it says is true of itself.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod child;
mod process;
mod truth;
