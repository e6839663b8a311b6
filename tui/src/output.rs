//! Where text goes: data to stdout, talk to stderr.

mod progress;
mod table;

use std::io::{self, Write};

pub(crate) use self::progress::Progress;
pub(crate) use self::table::{Align, Table};

/// Writes `text` to stdout. A reader that has gone, as `head` does, has had what it wanted.
pub(crate) fn data(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::from(error).context("Cannot write to stdout"))
        }
        _ => Ok(()),
    }
}
