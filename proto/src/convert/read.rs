//! The checks of the reading side.

use stranded_analysis::facts::Moment;

use super::{DecodeError, Fault};
use crate::limits::MAX_COUNT;

/// The result of reading a part of a message.
pub(crate) type Read<T> = Result<T, DecodeError>;

/// The mandatory sub-message `field`, read.
pub(crate) fn required<W, F>(wire: Option<W>, field: &'static str) -> Read<F>
where
    F: TryFrom<W, Error = DecodeError>,
{
    nested(wire.ok_or_else(|| DecodeError::new(field, Fault::Missing))?, field)
}

/// The optional sub-message `field`, read.
pub(crate) fn optional<W, F>(wire: Option<W>, field: &'static str) -> Read<Option<F>>
where
    F: TryFrom<W, Error = DecodeError>,
{
    wire.map(|wire| nested(wire, field)).transpose()
}

/// The sub-message `field`, read.
fn nested<W, F>(wire: W, field: &'static str) -> Read<F>
where
    F: TryFrom<W, Error = DecodeError>,
{
    F::try_from(wire).map_err(|error| error.inside(field))
}

/// The list of sub-messages `field`, read.
pub(crate) fn each<W, F>(wire: Vec<W>, field: &'static str, max: usize) -> Read<Vec<F>>
where
    F: TryFrom<W, Error = DecodeError>,
{
    let read = |(index, wire)| F::try_from(wire).map_err(|error| error.inside_list(field, index));
    at_most(wire, field, max)?.into_iter().enumerate().map(read).collect()
}

/// The list `field`, if it is no longer than `max`.
pub(crate) fn at_most<T>(list: Vec<T>, field: &'static str, max: usize) -> Read<Vec<T>> {
    if list.len() > max {
        return Err(DecodeError::new(field, Fault::TooMany { items: list.len(), max }));
    }
    Ok(list)
}

/// The string `field`, if it is no longer than `max` bytes.
pub(crate) fn text(text: String, field: &'static str, max: usize) -> Read<String> {
    if text.len() > max {
        return Err(DecodeError::new(field, Fault::TooLong { bytes: text.len(), max }));
    }
    Ok(text)
}

/// The optional string `field`, if it is no longer than `max` bytes.
pub(crate) fn optional_text(
    wire: Option<String>,
    field: &'static str,
    max: usize,
) -> Read<Option<String>> {
    wire.map(|wire| text(wire, field, max)).transpose()
}

/// The number `field`, if it can be a number of things.
pub(crate) fn count(value: u64, field: &'static str) -> Read<u64> {
    if value > MAX_COUNT {
        return Err(DecodeError::new(field, Fault::TooLarge { value, max: MAX_COUNT }));
    }
    Ok(value)
}

/// The optional number `field`, if it can be a number of things.
pub(crate) fn optional_count(value: Option<u64>, field: &'static str) -> Read<Option<u64>> {
    value.map(|value| count(value, field)).transpose()
}

/// The number `field`, if it is no more than the `whole` it is a part of.
pub(crate) fn part(value: u64, field: &'static str, (whole, of): (&'static str, u64)) -> Read<u64> {
    if value > of {
        return Err(DecodeError::new(field, Fault::MoreThan { part: value, whole, of }));
    }
    Ok(value)
}

/// The moment of `ns` nanoseconds, if there is one.
pub(crate) fn moment(ns: Option<u64>) -> Option<Moment> {
    ns.map(Moment)
}
