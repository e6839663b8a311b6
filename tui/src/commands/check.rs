//! `stranded check`: watches a target for a while and tells a script whether tasks leak.

mod baseline;
mod verdict;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use stranded_analysis::allow::Baseline;
use stranded_analysis::report::{Class, Outcome, json, text};
use stranded_analysis::{Policy, Report};

use self::watch::{Each, Watched};
use super::block_on;
use crate::cli::{Shared, TARGET, filter, span};
use crate::exit::Exit;
use crate::output;
use crate::target::Target;

/// Watch a service for a while and fail if tasks leak
///
/// Prints a report and exits with 0 if the service is clean, 1 if something was found, 2 on an
/// error, and 3 if too little is known to say: not instrumented, coverage too low, connection lost,
/// target restarted, time too short. What is found counts more than what is missing; missing data
/// is never "clean".
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stranded check localhost                        the service on this machine, for 20 seconds
  stranded check orders:7000 --for 2m --json      longer, for a program
  stranded check localhost --fail-on proven       only what is certain fails
  stranded check localhost --policy leaks.toml    without what the team accepts
  stranded check localhost --write-baseline leaks.json
                                                  accept what is there now
  stranded check localhost --baseline leaks.json  only what came since then fails")]
pub(crate) struct CheckArgs {
    #[arg(help = TARGET)]
    target: Option<String>,
    /// How long to watch
    #[arg(long = "for", value_name = "TIME", default_value = "20s", value_parser = span)]
    duration: Duration,
    /// The least sure class of finding that fails
    #[arg(long, value_name = "CLASS", value_enum, default_value_t = FailOn::Likely)]
    fail_on: FailOn,
    /// Look only at findings that this filter selects, as the / key of the terminal UI does
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Accept what this file has, by site and number of tasks
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    baseline: Option<PathBuf>,
    /// Write what is found to this file, to be accepted from now on, and exit with 0
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Exit with 0 also if something was found
    #[arg(long)]
    exit_zero: bool,
    /// Print the report as JSON, schema stranded.report.v1
    #[arg(long)]
    json: bool,
    /// Also print a report as often as this while watching: for measuring how soon things are found
    #[arg(long, hide = true, value_name = "TIME", value_parser = span)]
    every: Option<Duration>,
}

/// The least sure class of finding that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// The tasks cannot run again
    Proven,
    /// They grow, or break an expectation of their site
    Likely,
    /// Odd, but not accused
    Watch,
}

impl FailOn {
    fn class(self) -> Class {
        match self {
            Self::Proven => Class::Proven,
            Self::Likely => Class::Likely,
            Self::Watch => Class::Watch,
        }
    }
}

pub(crate) fn run(args: &CheckArgs, shared: &Shared) -> anyhow::Result<Exit> {
    let target = Target::choose(args.target.as_deref())?;
    let query = args.filter.as_deref().map(filter).transpose()?;
    let accepted = args.baseline.as_deref().map(baseline::read).transpose()?;
    let policy = Policy { baseline: accepted, ..shared.policy() };
    let fail_on = args.fail_on.class();
    block_on(async {
        let reported = |watched: &Watched| -> anyhow::Result<Report> {
            let mut report = verdict::reach(watched, query.as_ref(), fail_on, &policy);
            report.reasons.extend(shared.notices());
            let text = if args.json { json::document(&report) } else { text::document(&report) };
            output::data(&text)?;
            Ok(report)
        };
        let look = |watched: &Watched| reported(watched).map(drop);
        let each = args.every.map(|every| Each { every, look: &look });
        let watched = watch::watch(&target, args.duration, &policy, each).await?;
        let report = reported(&watched)?;
        match &args.write_baseline {
            Some(path) => accept(&report, path),
            None => Ok(verdict::exit(&report, fail_on, args.exit_zero)),
        }
    })
}

/// Writes what is found to the file `path`, unless too little is known: of that nothing can be accepted.
fn accept(report: &Report, path: &Path) -> anyhow::Result<Exit> {
    if report.outcome(Class::Watch) == Outcome::Inconclusive {
        eprintln!("`{}` is not written: the check is inconclusive", path.display());
        return Ok(Exit::Inconclusive);
    }
    baseline::write(path, &Baseline::of(report))?;
    Ok(Exit::Success)
}
