//! What the link says, and what it can be told.

use std::fmt;
use std::time::Duration;

use stranded_analysis::facts::{TargetInfo, Update, View};

/// Something that went wrong, in words for the person at the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What failed and why: "Nothing listens at 127.0.0.1:6669".
    pub what: String,
    /// What to do next.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Problem {}

/// What the link says.
#[derive(Clone, Debug)]
pub enum LinkEvent {
    /// An attempt to connect has begun; attempts count from 1 since the last success.
    Connecting {
        /// Which attempt.
        attempt: u32,
    },
    /// The target answered.
    Connected(Box<TargetInfo>),
    /// One update from it.
    Update(Box<Update>),
    /// The connection failed or broke; the next attempt starts by itself.
    Lost {
        /// Why.
        problem: Problem,
        /// Time until the next attempt.
        retry_in: Duration,
        /// The number of that attempt.
        attempt: u32,
    },
}

/// What the link can be told.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkCommand {
    /// Ask for another view; kept across reconnects.
    View(Box<View>),
    /// Connect now instead of after the delay.
    RetryNow,
}
