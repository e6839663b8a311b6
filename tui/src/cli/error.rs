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
    let mut lines = Vec::new();
    let labels = std::iter::once("error: ").chain(std::iter::repeat("  because: "));
    for (label, cause) in labels.zip(error.chain()) {
        lines.extend(format!("{label}{cause}").lines().map(str::to_owned));
    }
    if let Some(problem) = error.downcast_ref::<Problem>() {
        lines.extend(format!("hint: {}", problem.hint).lines().map(str::to_owned));
    }
    // An error may bring its hint as a line of its text; whoever reads looks for it at the end.
    lines.sort_by_key(|line| line.starts_with("hint: "));
    // Lines stay lines; whatever else controls a terminal goes.
    lines.iter().flat_map(|line| [printable(line), "\n".into()]).collect()
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
        let error = anyhow::anyhow!("port 1 is taken").context("cannot listen\nhint: try port 2");
        assert_eq!(
            text(&error),
            "error: cannot listen\n  because: port 1 is taken\nhint: try port 2\n"
        );
    }
}
