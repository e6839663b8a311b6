//! Values of rows and operands of comparisons.

use std::cmp::Ordering;
use std::time::Duration;

use winnow::Parser;
use winnow::ascii::digit1;
use winnow::combinator::{alt, eof, opt, repeat, terminated};

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A duration.
    Span(Duration),
    /// Yes or no.
    Flag(bool),
}

impl Value<'_> {
    /// Whether it is text that contains `part`, in any case.
    pub(super) fn contains(&self, part: &str) -> bool {
        let Value::Text(text) = self else {
            return false;
        };
        part.is_empty()
            || text
                .as_bytes()
                .windows(part.len())
                .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
    }

    /// Whether it is the text `whole`, in any case.
    pub(super) fn equals(&self, whole: &str) -> bool {
        matches!(self, Value::Text(text) if text.eq_ignore_ascii_case(whole))
    }
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Text(String),
    Number(f64),
    Span(Duration),
    Flag(bool),
}

impl Operand {
    /// How `value` stands to this operand; `None` for another kind of value.
    pub(super) fn order(&self, value: &Value<'_>) -> Option<Ordering> {
        match (self, value) {
            (Self::Text(whole), Value::Text(text)) => {
                let lower = |text: &str| text.to_ascii_lowercase();
                Some(if text.eq_ignore_ascii_case(whole) {
                    Ordering::Equal
                } else {
                    lower(text).cmp(&lower(whole))
                })
            }
            (Self::Number(number), Value::Number(value)) => value.partial_cmp(number),
            (Self::Span(span), Value::Span(value)) => Some(value.cmp(span)),
            (Self::Flag(flag), Value::Flag(value)) => Some(value.cmp(flag)),
            _ => None,
        }
    }
}

/// Reads `250ms`, `5m`, `1.5s`, `1h30m`, `0`.
pub(super) fn span(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let seconds: f64 = terminated(repeat(1.., part).fold(|| 0.0, |sum, part: f64| sum + part), eof)
        .parse(text)
        .ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// One number with its unit, in seconds.
fn part(input: &mut &str) -> winnow::Result<f64> {
    let number = (digit1, opt(('.', digit1))).take().try_map(str::parse::<f64>);
    // The longer unit first: "m" would take the "ms" apart.
    let unit = alt((
        alt(("ns".value(1e-9), "us".value(1e-6), "µs".value(1e-6), "ms".value(1e-3))),
        alt((
            "s".value(1.0),
            "m".value(60.0),
            "h".value(3600.0),
            "d".value(86_400.0),
            "w".value(604_800.0),
        )),
    ));
    (number, unit).map(|(number, unit): (f64, f64)| number * unit).parse_next(input)
}

/// Reads a finite number.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("250ms", Some(0.25))]
    #[case("5m", Some(300.0))]
    #[case("1.5s", Some(1.5))]
    #[case("1h30m", Some(5400.0))]
    #[case("2d", Some(172_800.0))]
    #[case("0", Some(0.0))]
    #[case("5", None)]
    #[case("m", None)]
    #[case("5mm", None)]
    #[case("", None)]
    #[case("9999999999999999999999d", None)]
    fn spans(#[case] text: &str, #[case] seconds: Option<f64>) {
        assert_eq!(span(text).map(|span| span.as_secs_f64()), seconds);
    }
}
