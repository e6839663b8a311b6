//! The demo service as a process, what it says is true of itself, and what the agent says of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

mod attached;
mod child;
mod compare;
mod end_to_end;
mod process;
mod truth;
