//! The cuts of the writing side. Each leaves a mark that a reader sees.

use std::time::Duration;

use stranded_analysis::facts::Moment;

use crate::limits::MAX_COUNT;

/// What stands where something was cut off.
const CUT: char = '…';

/// `text` if it fits into `max` bytes, else as much of it as fits with a `…` behind it.
pub(crate) fn text(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut cut = text[..text.floor_char_boundary(max - CUT.len_utf8())].to_owned();
    cut.push(CUT);
    cut
}

/// The first items of `list`, at most `max`, and how many were left out.
pub(crate) fn list<T>(list: &[T], max: usize) -> (&[T], usize) {
    list.split_at_checked(max).map_or((list, 0), |(kept, rest)| (kept, rest.len()))
}

/// "… 12 more frames", in the place of what was left out.
pub(crate) fn more(left_out: usize, things: &str) -> String {
    format!("{CUT} {left_out} more {things}")
}

/// `value`, saturating far above anything that can be counted.
pub(crate) fn count(value: u64) -> u64 {
    value.min(MAX_COUNT)
}

/// The nanoseconds of `span`, saturating after 584 years.
pub(crate) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// The nanoseconds of `moment`, if there is one.
pub(crate) fn moment(moment: Option<Moment>) -> Option<u64> {
    moment.map(|moment| moment.0)
}
