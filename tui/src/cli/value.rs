//! Values of arguments, as people write them.

use std::time::Duration;

use jiff::SignedDuration;
use stranded_analysis::facts::TaskId;
use stranded_analysis::query::{Query, QueryError};
use stranded_analysis::report::RuleId;
use stranded_analysis::rules;
use unicode_width::UnicodeWidthStr;

use crate::app::parse_for_tasks;
use crate::link::event::Problem;

/// A span of time: `250ms`, `20s`, `5m`, `1h30m`.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    const FORM: &str = "write a number with its unit, as in 250ms, 20s, 5m, 1h30m";
    let parsed: SignedDuration = text.parse().map_err(|_| FORM.to_owned())?;
    let span = Duration::try_from(parsed).map_err(|_| "a span of time cannot be negative")?;
    if span.is_zero() || span > Duration::from_hours(24 * 365) {
        return Err("give a time above zero and below a year".to_owned());
    }
    Ok(span)
}

/// A task id: `41` or `#41`.
pub(crate) fn task(text: &str) -> Result<TaskId, String> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    digits.parse().map(TaskId).map_err(|_| "a task is named by its number, as in 41".to_owned())
}

/// A filter of sites, in the language of the terminal UI's / key.
pub(crate) fn filter(text: &str) -> Result<Query, Problem> {
    const AS_IN: &str = "cache  state=parked  parked>5m  -waits:timer  verdict=likely or rule=P1";
    pointed_at(text, Query::parse(text), AS_IN)
}

/// A filter of tasks: the same language, but for what only a judge could answer.
pub(crate) fn task_filter(text: &str) -> Result<Query, Problem> {
    const AS_IN: &str = "site:cache.rs  state=parked  parked>5m  -waits:timer  wakers=0";
    pointed_at(text, parse_for_tasks(text), AS_IN)
}

/// An error with the place in `text` that it is about.
fn pointed_at(
    text: &str,
    parsed: Result<Query, QueryError>,
    as_in: &str,
) -> Result<Query, Problem> {
    parsed.map_err(|error| {
        let before = text.get(..error.span.start).unwrap_or_default();
        let wrong = text.get(error.span.clone()).unwrap_or_default();
        let (blanks, carets) = (" ".repeat(before.width()), "^".repeat(wrong.width().max(1)));
        Problem {
            what: format!(
                "The filter cannot be used: {}\n  {text}\n  {blanks}{carets}",
                error.message
            ),
            hint: format!("as in: {as_in}"),
        }
    })
}

/// A rule of this build: `P2`, in either case.
pub(crate) fn rule(text: &str) -> Result<RuleId, String> {
    match rules::explain(text) {
        Some(doc) => Ok(RuleId(doc.id)),
        None => Err("there is no such rule; `stranded explain` lists them".to_owned()),
    }
}

/// A factor above zero.
pub(crate) fn factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (0.0001..=10_000.0).contains(&factor) => Ok(factor),
        _ => Err("give a factor from 0.0001 to 10000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, span_ms) in [
            ("250ms", 250),
            ("20s", 20_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
        ] {
            assert_eq!(span(text), Ok(Duration::from_millis(span_ms)), "{text}");
        }
        for text in
            ["", "20", "s", "-5s", "5s ago", "0s", "400000h", "20x", "99999999999999999999s"]
        {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_filter_that_makes_no_sense_is_shown_with_the_place() {
        let problem = filter("見 parked>").unwrap_err();
        let lines: Vec<_> = problem.what.lines().collect();
        assert_eq!(lines[1..], ["  見 parked>", "            ^"], "{problem:?}");
    }

    #[test]
    fn tasks_and_factors_are_read_or_refused() {
        assert_eq!(task("41"), Ok(TaskId(41)));
        assert_eq!(task("#41"), Ok(TaskId(41)));
        for text in ["", "#", "-1", "main", "99999999999999999999"] {
            assert!(task(text).is_err(), "{text}");
        }
        assert_eq!(factor("0.2"), Ok(0.2));
        for text in ["0", "-1", "NaN", "inf", "fast"] {
            assert!(factor(text).is_err(), "{text}");
        }
    }
}
