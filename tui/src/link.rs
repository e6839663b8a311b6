//! The connection to a target: a background task that turns it into events, and never gives up by itself.

pub mod event;
