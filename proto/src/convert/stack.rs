//! Park stacks.

use stranded_analysis::facts::{Frame, ParkStack, StackId, Wait};

use super::{DecodeError, Fault, bound, read};
use crate::limits::{MAX_FUNCTION_BYTES, MAX_NAME_BYTES, MAX_STACK_DEPTH};
use crate::v1;

/// Of too many frames, the last that fits is replaced by one that says how many are left out.
impl From<&ParkStack> for v1::Stack {
    fn from(stack: &ParkStack) -> Self {
        let fits = if stack.frames.len() > MAX_STACK_DEPTH {
            MAX_STACK_DEPTH - 1
        } else {
            MAX_STACK_DEPTH
        };
        let (frames, left_out) = bound::list(&stack.frames, fits);
        let mark = (left_out > 0).then(|| v1::Frame {
            function: bound::more(left_out, "frames"),
            ..v1::Frame::default()
        });
        Self {
            id: stack.id.0,
            wait: stack.wait.as_ref().map(|wait| bound::text(&wait.code(), MAX_FUNCTION_BYTES)),
            park: stack.park.filter(|&park| park < frames.len()).map(|park| park as u32),
            addresses: bound::list(&stack.addresses, MAX_STACK_DEPTH).0.to_vec(),
            frames: frames.iter().map(v1::Frame::from).chain(mark).collect(),
        }
    }
}

impl TryFrom<v1::Stack> for ParkStack {
    type Error = DecodeError;

    fn try_from(wire: v1::Stack) -> Result<Self, DecodeError> {
        let wait = read::optional_text(wire.wait, "wait", MAX_FUNCTION_BYTES)?;
        let frames: Vec<Frame> = read::each(wire.frames, "frames", MAX_STACK_DEPTH)?;
        if let Some(park) = wire.park
            && park as usize >= frames.len()
        {
            let fault =
                Fault::OutOfRange { index: park.into(), list: "frames", items: frames.len() };
            return Err(DecodeError::new("park", fault));
        }
        Ok(Self {
            id: StackId(wire.id),
            wait: wait.as_deref().map(Wait::from_code),
            park: wire.park.map(|park| park as usize),
            addresses: read::at_most(wire.addresses, "addresses", MAX_STACK_DEPTH)?,
            frames,
        })
    }
}

impl From<&Frame> for v1::Frame {
    fn from(frame: &Frame) -> Self {
        Self {
            function: bound::text(&frame.function, MAX_FUNCTION_BYTES),
            file: frame.file.as_deref().map(|file| bound::text(file, MAX_NAME_BYTES)),
            line: frame.line,
            user: frame.user,
        }
    }
}

impl TryFrom<v1::Frame> for Frame {
    type Error = DecodeError;

    fn try_from(wire: v1::Frame) -> Result<Self, DecodeError> {
        Ok(Self {
            function: read::text(wire.function, "function", MAX_FUNCTION_BYTES)?,
            file: read::optional_text(wire.file, "file", MAX_NAME_BYTES)?,
            line: wire.line,
            user: wire.user,
        })
    }
}
