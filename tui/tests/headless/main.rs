//! The commands without the terminal UI, run as a user runs them: against scripted agents, against
//! other kinds of servers, and against nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accepted;
mod check;
mod doctor;
mod facts;
mod fake;
mod help;
mod link;
mod list;
mod real;
mod run;
mod strangers;
