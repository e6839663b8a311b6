//! Frames: a length, a checksum, a payload.

use std::io::{self, Read, Write};

use crate::convert::DecodeError;
use crate::limits::MAX_MESSAGE_BYTES;

/// Bytes of a frame before its payload.
const HEAD: usize = 8;

/// Instead of a length: the end of a finished recording.
const END: u32 = u32::MAX;

/// What is wrong with a place in a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file ends inside a frame.
    #[error("the file ends inside a frame")]
    Cut,
    /// A length that no frame has; where the next frame begins is not known.
    #[error("a frame claims to be {0} bytes long")]
    Length(u32),
    /// Length or payload are not what was written.
    #[error("a frame does not match its checksum")]
    Checksum,
    /// A frame is not the message that belongs there.
    #[error("a frame is not a message: {0}")]
    NotAMessage(String),
    /// A message that cannot be a fact.
    #[error("a message is wrong in {0}")]
    NotAFact(#[from] DecodeError),
    /// Bytes behind the end of the recording.
    #[error("the file goes on behind the end of the recording")]
    Trailing,
}

/// What stands at one place of a recording.
pub(super) enum Frame {
    /// A whole frame; its payload is in the buffer.
    Whole,
    /// The mark of a finished recording.
    End,
    /// Nothing: the file ends here.
    Nothing,
    /// A damaged frame, behind which the next one begins.
    Damaged(Damage),
    /// Damage behind which nothing can be found.
    Lost(Damage),
}

/// Appends the frame of `payload` to `out`, with a single write so that an interrupted process leaves
/// whole frames. `buffer` is scratch space.
pub(super) fn write(
    out: &mut impl Write,
    buffer: &mut Vec<u8>,
    payload: &impl prost::Message,
) -> io::Result<()> {
    buffer.clear();
    buffer.extend_from_slice(&[0; HEAD]);
    payload.encode(buffer).expect("a vector takes any length");
    let (head, payload) = buffer.split_at_mut(HEAD);
    let length = u32::try_from(payload.len()).expect("split() bounds every message").to_le_bytes();
    head[..4].copy_from_slice(&length);
    head[4..].copy_from_slice(&checksum(length, payload).to_le_bytes());
    out.write_all(buffer)
}

/// Appends the mark of a finished recording to `out`.
pub(super) fn write_end(out: &mut impl Write) -> io::Result<()> {
    let length = END.to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&checksum(length, &[]).to_le_bytes())
}

/// Reads the frame at the start of `input` into `buffer`, and says how many bytes it took.
pub(super) fn read(input: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<(Frame, u64)> {
    let mut taken = fill(input, buffer, HEAD)?;
    let Ok(head) = <[u8; HEAD]>::try_from(buffer.as_slice()) else {
        let frame = if taken == 0 { Frame::Nothing } else { Frame::Lost(Damage::Cut) };
        return Ok((frame, taken));
    };
    let [a, b, c, d, sum @ ..] = head;
    let length = u32::from_le_bytes([a, b, c, d]);
    let intact = |payload: &[u8]| checksum([a, b, c, d], payload) == u32::from_le_bytes(sum);
    if length == END && intact(&[]) {
        return Ok((Frame::End, taken));
    }
    if length as usize > MAX_MESSAGE_BYTES {
        return Ok((Frame::Lost(Damage::Length(length)), taken));
    }
    taken += fill(input, buffer, length as usize)?;
    let frame = if buffer.len() < length as usize {
        Frame::Lost(Damage::Cut)
    } else if intact(buffer) {
        Frame::Whole
    } else {
        Frame::Damaged(Damage::Checksum)
    };
    Ok((frame, taken))
}

/// Reads up to `length` bytes into `buffer`, and says how many there were.
fn fill(input: &mut impl Read, buffer: &mut Vec<u8>, length: usize) -> io::Result<u64> {
    buffer.clear();
    input.take(length as u64).read_to_end(buffer).map(|read| read as u64)
}

/// The checksum of a frame. It covers the length, so that a file of zeros holds no frame.
fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}
