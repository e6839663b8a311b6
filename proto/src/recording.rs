//! Updates in a file that may be cut or damaged anywhere.
//!
//! ```text
//! magic "STRANDED\r\n\x1a\n" · version u32 · frame of a RecordingHeader · frames of Updates · end
//! frame: length u32 · CRC-32 of length and payload u32 · payload    (numbers are little-endian)
//! end:   ff ff ff ff · CRC-32 of these four bytes u32
//! ```
//!
//! The magic shows a file that was converted as text. The checksum turns a damaged frame into a gap of
//! the sequence instead of wrong facts. The end tells a finished recording from a cut one.

mod frame;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

use std::io;

pub use frame::Damage;
pub use reader::{Loss, Reader};
pub use writer::Writer;

/// What every recording begins with.
const MAGIC: [u8; 12] = *b"STRANDED\r\n\x1a\n";

/// The version of the file format that this build writes, and the newest it reads.
pub const VERSION: u32 = 1;

/// Whether a file that starts with these bytes is a recording, or was one before a text conversion.
pub fn is_recording(start: &[u8]) -> bool {
    start.starts_with(&MAGIC[..8])
}

/// When and by what a recording was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// When it was begun, in nanoseconds since the Unix epoch by the recorder's clock.
    pub created_unix_ns: Option<u64>,
    /// Version of the tool that recorded.
    pub tool_version: Option<String>,
}

/// Why a file cannot be replayed at all.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Reading failed.
    #[error("the recording cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file does not begin as a recording does.
    #[error("this is not a recording\nhint: `stranded record TARGET -o FILE` makes one")]
    NotARecording,
    /// The file begins as a recording does, up to its line ends.
    #[error(
        "this recording was converted as text on its way here\nhint: copy it again, as a binary file"
    )]
    Converted,
    /// The file ends before its first frame.
    #[error(
        "this recording ends before anything was recorded\nhint: record again, or copy the whole file"
    )]
    Empty,
    /// The file was written by a later version.
    #[error(
        "this recording has format {found}, and this version reads up to {VERSION}\n\
         hint: open it with a newer `stranded`"
    )]
    Newer {
        /// The format of the file.
        found: u32,
    },
}
