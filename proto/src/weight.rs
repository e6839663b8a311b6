//! How much memory a message takes once it is decoded, told from its bytes before it is.
//!
//! An empty sub-message takes two bytes on the wire and up to a kilobyte as a struct: without a bound, a message of 1 MiB
//! could make its reader allocate hundreds of times as much.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::limits::MAX_DECODED_BYTES;
use crate::v1;

/// A message that can be weighed.
pub(crate) trait Weigh {
    /// Its shape.
    const SHAPE: Shape;
}

/// The size of a message, and its lists of messages.
pub(crate) struct Shape {
    /// Of the struct, in bytes.
    size: usize,
    /// The fields that are, or lead to, lists of messages.
    lists: &'static [(u32, Shape)],
}

/// The shape of `M` with lists of messages in `lists`.
const fn shape<M>(lists: &'static [(u32, Shape)]) -> Shape {
    Shape { size: size_of::<M>(), lists }
}

const STACK_COUNT: Shape = shape::<v1::StackCount>(&[]);
const REGISTRATION: Shape = shape::<v1::Registration>(&[]);

impl Weigh for v1::Update {
    const SHAPE: Shape = shape::<Self>(&[
        (
            7,
            shape::<v1::Site>(&[
                (20, shape::<v1::Cluster>(&[(24, shape::<v1::ResourceCount>(&[]))])),
                (21, shape::<v1::SpawnedBy>(&[])),
                (26, STACK_COUNT),
                (28, shape::<v1::Zombies>(&[(5, STACK_COUNT)])),
            ]),
        ),
        (8, shape::<v1::Task>(&[(18, REGISTRATION)])),
        (9, shape::<v1::EndedTask>(&[])),
        (11, shape::<v1::Stack>(&[(5, shape::<v1::Frame>(&[]))])),
        (
            12,
            shape::<v1::Resource>(&[
                (13, shape::<v1::Holder>(&[])),
                (15, shape::<v1::Grant>(&[])),
                (16, shape::<v1::Handle>(&[])),
                (20, shape::<v1::TaskRef>(&[])),
            ]),
        ),
        (14, shape::<v1::WaitingTask>(&[(8, shape::<v1::ResourceWait>(&[])), (10, REGISTRATION)])),
        (
            16,
            shape::<v1::Activity>(&[
                (1, shape::<v1::Worker>(&[])),
                (2, shape::<v1::UnpolledTask>(&[])),
                (4, shape::<v1::SpinningTask>(&[])),
            ]),
        ),
    ]);
}

impl Weigh for v1::View {
    const SHAPE: Shape = shape::<Self>(&[]);
}

impl Weigh for v1::DescribeRequest {
    const SHAPE: Shape = shape::<Self>(&[]);
}

impl Weigh for v1::DescribeReply {
    const SHAPE: Shape = shape::<Self>(&[]);
}

impl Weigh for v1::RecordingHeader {
    const SHAPE: Shape = shape::<Self>(&[]);
}

/// A message that would take too much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("decoded it would take more than {} MiB", MAX_DECODED_BYTES >> 20)]
pub(crate) struct TooHeavy;

/// Refuses the bytes of a message whose lists of messages would take more than [`MAX_DECODED_BYTES`]. Bytes that are no
/// message are left to the decoder.
pub(crate) fn check<M: Weigh>(message: &[u8]) -> Result<(), TooHeavy> {
    let mut left = MAX_DECODED_BYTES;
    weigh(message, &M::SHAPE, &mut left)
}

fn weigh(mut message: &[u8], shape: &Shape, left: &mut usize) -> Result<(), TooHeavy> {
    *left = left.checked_sub(shape.size).ok_or(TooHeavy)?;
    while !message.is_empty() {
        let Ok((field, wire)) = decode_key(&mut message) else { return Ok(()) };
        let list = shape.lists.iter().find(|(number, _)| *number == field);
        if let (Some((_, item)), WireType::LengthDelimited) = (list, wire) {
            let Ok(length) = decode_varint(&mut message) else { return Ok(()) };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let Some((content, rest)) = message.split_at_checked(length) else { return Ok(()) };
            weigh(content, item, left)?;
            message = rest;
        } else if skip_field(wire, field, &mut message, DecodeContext::default()).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
