//! Reading a recording, as far as it goes.

use std::fmt;
use std::io::{self, Read};

use stranded_analysis::facts::Update;

use super::frame::{self, Damage, Frame};
use super::{Header, MAGIC, RecordingError, VERSION};
use crate::limits::MAX_NAME_BYTES;
use crate::v1;
use crate::weight::{self, Weigh};

/// Replays a recording. Damage thins it out or ends it, and [`Reader::loss`] tells of it; only a
/// failing read is an error.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    buffer: Vec<u8>,
    /// How many bytes of the file were read.
    at: u64,
    header: Header,
    loss: Option<Loss>,
    over: bool,
    finished: bool,
}

impl<R: Read> Reader<R> {
    /// Opens a recording.
    pub fn new(mut input: R) -> Result<Self, RecordingError> {
        let mut start = Vec::new();
        input.by_ref().take(MAGIC.len() as u64 + 4).read_to_end(&mut start)?;
        let (magic, version) = start.split_at(start.len().min(MAGIC.len()));
        if !MAGIC.starts_with(magic) {
            let recording = super::is_recording(magic);
            return Err(if recording {
                RecordingError::Converted
            } else {
                RecordingError::NotARecording
            });
        }
        let version = version.try_into().map_err(|_| RecordingError::Empty)?;
        let found = u32::from_le_bytes(version);
        if found > VERSION {
            return Err(RecordingError::Newer { found });
        }
        let mut reader = Self {
            input,
            buffer: Vec::new(),
            at: start.len() as u64,
            header: Header::default(),
            loss: None,
            over: false,
            finished: false,
        };
        if let Some(header) = reader.message::<v1::RecordingHeader>()? {
            reader.header = Header {
                created_unix_ns: header.created_unix_ns,
                tool_version: header.tool_version.filter(|version| version.len() <= MAX_NAME_BYTES),
            };
        }
        Ok(reader)
    }

    /// When and by what it was made; unknown where that part is damaged.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next update; `None` at the end.
    pub fn next_update(&mut self) -> io::Result<Option<Update>> {
        while !self.over {
            let start = self.at;
            let Some(wire) = self.message::<v1::Update>()? else {
                continue;
            };
            match Update::try_from(wire) {
                Ok(update) => return Ok(Some(update)),
                Err(error) => self.lost(start, error.into()),
            }
        }
        Ok(None)
    }

    /// What of the part read so far could not be replayed; `None`: nothing is missing.
    pub fn loss(&self) -> Option<&Loss> {
        self.loss.as_ref()
    }

    /// Whether the end of a finished recording was reached. If not, once there are no more updates,
    /// the recorder was interrupted or the file was cut.
    pub fn finished(&self) -> bool {
        self.finished
    }

    /// The message of the next frame, if there is one and it is whole.
    fn message<M: prost::Message + Default + Weigh>(&mut self) -> io::Result<Option<M>> {
        let start = self.at;
        let (frame, taken) = frame::read(&mut self.input, &mut self.buffer)?;
        self.at += taken;
        match frame {
            Frame::Whole => match weight::check::<M>(&self.buffer) {
                Ok(()) => match M::decode(self.buffer.as_slice()) {
                    Ok(message) => return Ok(Some(message)),
                    Err(error) => self.lost(start, Damage::NotAMessage(error.to_string())),
                },
                Err(error) => self.lost(start, Damage::NotAMessage(error.to_string())),
            },
            Frame::Damaged(damage) => self.lost(start, damage),
            Frame::Lost(damage) => self.end(start, damage)?,
            Frame::Nothing => self.over = true,
            Frame::End => {
                self.finished = true;
                self.end(self.at, Damage::Trailing)?;
            }
        }
        Ok(None)
    }

    /// Ends the replay; everything from `start` on is lost.
    fn end(&mut self, start: u64, damage: Damage) -> io::Result<()> {
        self.over = true;
        self.at += io::copy(&mut self.input, &mut io::sink())?;
        if self.at > start {
            self.lost(start, damage);
        }
        Ok(())
    }

    /// Notes that the bytes from `start` to here are lost.
    fn lost(&mut self, start: u64, damage: Damage) {
        let loss = self.loss.get_or_insert(Loss { places: 0, bytes: 0, first_at: start, damage });
        loss.places += 1;
        loss.bytes += self.at - start;
    }
}

/// What could not be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// How many places are damaged.
    pub places: u64,
    /// How many bytes are lost in all.
    pub bytes: u64,
    /// Where the first of them is in the file.
    pub first_at: u64,
    /// What is wrong there.
    pub damage: Damage,
}

/// "3 damaged places, 812 bytes lost; the first at byte 4096: a frame does not match its checksum".
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { places, bytes, first_at, damage } = self;
        if *places == 1 {
            write!(f, "{bytes} bytes lost at byte {first_at}: {damage}")
        } else {
            write!(
                f,
                "{places} damaged places, {bytes} bytes lost; the first at byte {first_at}: {damage}"
            )
        }
    }
}
