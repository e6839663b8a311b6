//! Writing a recording.

use std::io::{self, Write};

use stranded_analysis::facts::{BootId, Update};

use super::{Header, MAGIC, VERSION, frame};
use crate::split;
use crate::v1;

/// Writes updates behind a header.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    buffer: Vec<u8>,
    boot: Option<BootId>,
    /// How many more frames than updates of this boot were written. A large update takes several
    /// numbers, which those behind it must not take again, while a gap before them must remain one.
    shift: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a recording.
    pub fn new(mut out: W, header: &Header) -> io::Result<Self> {
        out.write_all(&MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        let mut buffer = Vec::new();
        let header = v1::RecordingHeader {
            created_unix_ns: header.created_unix_ns,
            tool_version: header.tool_version.clone(),
        };
        frame::write(&mut out, &mut buffer, &header)?;
        Ok(Self { out, buffer, boot: None, shift: 0 })
    }

    /// Appends `update`, in as many frames as its size takes.
    pub fn write(&mut self, mut update: Update) -> io::Result<()> {
        if self.boot.replace(update.boot) != Some(update.boot) {
            self.shift = 0;
        }
        update.seq = update.seq.saturating_add(self.shift);
        let first = update.seq;
        let mut parts = split(update);
        for part in parts.by_ref() {
            frame::write(&mut self.out, &mut self.buffer, &part)?;
        }
        let extra = parts.next_seq().saturating_sub(first).saturating_sub(1);
        self.shift = self.shift.saturating_add(extra);
        Ok(())
    }

    /// Hands everything on to the file.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Ends the recording. Without this it can be replayed too, and reads as cut.
    pub fn finish(mut self) -> io::Result<W> {
        frame::write_end(&mut self.out)?;
        self.out.flush()?;
        Ok(self.out)
    }
}
