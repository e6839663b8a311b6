//! `stranded doctor`: why is it empty, what is missing, what to change.

mod checkup;
mod steps;

use std::fmt::Write;

use clap::Args;
use stranded_analysis::words::printable;

use self::steps::{Outcome, Step};
use super::block_on;
use crate::cli::{Shared, TARGET};
use crate::exit::Exit;
use crate::output;
use crate::target::Target;

/// Find out why a target shows nothing, and what to change
///
/// Checks one step after the other: can it be reached, is it an agent, does it see tasks, do events
/// flow, are places known, is anything left out. Each is `ok` or `FAIL` with a hint; exits with 1
/// if any fails.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[arg(help = TARGET)]
    target: Option<String>,
}

pub(crate) fn run(args: &DoctorArgs, shared: &Shared) -> anyhow::Result<Exit> {
    let target = Target::choose(args.target.as_deref())?;
    let color = shared.look.color_on(&std::io::stdout());
    block_on(async {
        let mut sound = true;
        // Each line is printed as soon as it is known: a step may take seconds.
        let mut report = |step: Step| {
            sound &= step.outcome == Outcome::Ok;
            output::data(&line(&step, color))
        };
        checkup::examine(&target, &shared.policy(), &mut report).await?;
        Ok(if sound { Exit::Success } else { Exit::Found })
    })
}

/// `ok    reach         connected to http://127.0.0.1:6669`, and a hint below it if there is one.
fn line(step: &Step, color: bool) -> String {
    let (word, paint) = match step.outcome {
        Outcome::Ok => ("ok  ", "\x1b[32m"),
        Outcome::Failed => ("FAIL", "\x1b[1;31m"),
    };
    let word = if color { format!("{paint}{word}\x1b[0m") } else { word.to_owned() };
    let mut text = format!("{word}  {:<12}  {}\n", step.name, printable(&step.what));
    if let Some(hint) = &step.hint {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:18}hint: {}", "", printable(hint));
    }
    text
}
