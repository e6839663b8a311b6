//! Files that the command line names.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use stranded_analysis::allow::{Allowances, Date};

use crate::link::event::Problem;

/// No file that is read whole is larger.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The text of the file `path`; `hint` is what to do if there is no such file.
pub(crate) fn read(path: &Path, hint: &str) -> anyhow::Result<String> {
    let problem = |hint: &str| Problem {
        what: format!("Cannot read `{}`", path.display()),
        hint: hint.to_owned(),
    };
    let mut bytes = Vec::new();
    File::open(path)
        // One byte more than allowed tells that there is more.
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .with_context(|| problem(hint))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let what = format!("`{}` is larger than {} MiB", path.display(), MAX_FILE_BYTES >> 20);
        return Err(Problem { what, hint: "is it the right file?".to_owned() }.into());
    }
    String::from_utf8(bytes).with_context(|| problem("is it the right file?"))
}

/// The allowances in the file `path`, as they stand today.
pub(crate) fn allowances(path: &Path) -> anyhow::Result<Allowances> {
    let text = read(path, "give the path of a `leaks.toml`; docs/ALLOW.md shows one")?;
    Allowances::parse(&text, today()).map_err(|error| {
        let what = format!("`{}` cannot be used: {error}", path.display());
        Problem { what, hint: error.hint }.into()
    })
}

/// The day in UTC, the same for a whole team.
fn today() -> Date {
    let date = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
    let parts = (date.year().try_into(), date.month().try_into(), date.day().try_into());
    let date = match parts {
        (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day),
        _ => None,
    };
    date.expect("a day of our era is a day of the calendar")
}
