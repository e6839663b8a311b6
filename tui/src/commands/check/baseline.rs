//! The file of what is accepted as it is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use stranded_analysis::allow::Baseline;
use stranded_analysis::words::counted;

use crate::cli::file;
use crate::link::event::Problem;

/// How to come by a baseline.
const WRITE: &str = "write it anew: stranded check TARGET --write-baseline FILE";

/// The baseline in the file `path`.
pub(super) fn read(path: &Path) -> anyhow::Result<Baseline> {
    let text = file::read(path, WRITE)?;
    Baseline::parse(&text).with_context(|| Problem {
        what: format!("`{}` cannot be used", path.display()),
        hint: WRITE.to_owned(),
    })
}

/// Writes `baseline` to the file `path`, whole or not at all, and says so.
pub(super) fn write(path: &Path, baseline: &Baseline) -> anyhow::Result<()> {
    let unfinished = beside(path);
    fs::write(&unfinished, baseline.to_text())
        .and_then(|()| fs::rename(&unfinished, path))
        .inspect_err(|_| drop(fs::remove_file(&unfinished)))
        .with_context(|| Problem {
            what: format!("Cannot write `{}`", path.display()),
            hint: "give a file in a directory that you can write to".to_owned(),
        })?;
    eprintln!("{} accepted in `{}`", counted(baseline.len() as u64, "site"), path.display());
    Ok(())
}

/// The name under which a file is written until it is whole.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}
