//! Errors as a person reads them: what failed, why, and what to do next.

use std::io;
use std::io::Write;

use stranded_analysis::words::printable;

use crate::link::event::Problem;

/// Prints `error` to stderr; a closed stderr is nothing to complain about.
pub(super) fn print(error: &anyhow::Error) {
    let _ = io::stderr().write_all(text(error).as_bytes());
}

fn text(error: &anyhow::Error) -> String {
    let mut text = String::new();
    push(&mut text, "error: ", &error.to_string());
    for cause in error.chain().skip(1) {
        push(&mut text, "  because: ", &cause.to_string());
    }
    if let Some(problem) = error.downcast_ref::<Problem>() {
        push(&mut text, "hint: ", &problem.hint);
    }
    text
}

/// Lines stay lines; whatever else controls a terminal goes.
fn push(text: &mut String, label: &str, words: &str) {
    text.push_str(label);
    for line in words.lines() {
        text.push_str(&printable(line));
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn an_error_has_three_parts() {
        let error = Err::<(), _>(io::Error::other("disk on fire"))
            .context(Problem {
                what: "Cannot read `night.rec`".to_owned(),
                hint: "put the\u{1b}[31m fire out".to_owned(),
            })
            .unwrap_err();
        assert_eq!(
            text(&error),
            "error: Cannot read `night.rec`\n  because: disk on fire\nhint: put the fire out\n"
        );
    }
}
