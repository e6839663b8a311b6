//! One line on the terminal that says what is being waited for.

use std::io::{self, IsTerminal, Write};

use stranded_analysis::words::printable;

/// A line on stderr that is written over and over; nothing at all where stderr is no terminal.
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    pub(crate) fn start() -> Self {
        Self { shown: io::stderr().is_terminal() }
    }

    /// Replaces the line.
    pub(crate) fn say(&mut self, text: &str) {
        if self.shown {
            // A terminal that is gone is no reason to stop.
            let _ = write!(io::stderr(), "\r\x1b[K{}", printable(text));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.say("");
    }
}
