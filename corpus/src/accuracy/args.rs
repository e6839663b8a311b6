//! What to run, and how.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use crate::harness::process::{Flavor, Instrumentation};
use crate::harness::{Kind, Program};
use crate::programs;

/// What to measure.
#[derive(Args, Clone, Debug)]
pub struct AccuracyArgs {
    /// Only the programs whose name this pattern matches; `*` stands for anything. May be given again
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,

    /// A short look with scaled thresholds: for trying things out, not for publishing
    #[arg(long)]
    pub quick: bool,

    /// How many programs to run at a time
    #[arg(long, default_value = "6")]
    pub jobs: usize,

    /// Multiplies every threshold of the engine [default: 1; 0.2 with --quick]
    #[arg(long, value_name = "FACTOR")]
    pub time_scale: Option<f64>,

    /// How long to watch a leaking program [default: 90s; 45s with --quick]
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    pub watch: Option<Duration>,

    /// How long to watch a healthy program [default: 10m; 45s with --quick]
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub healthy_for: Option<Duration>,

    /// Leaks a second
    #[arg(long, default_value = "1")]
    pub rate: f64,

    /// The most leaks of a program
    #[arg(long, default_value = "1000")]
    pub instances: u64,

    /// The runtimes to run each program on: `current_thread`, `local` or `multi:N`. May be given again
    #[arg(long, default_value = "multi:2")]
    pub flavor: Vec<Flavor>,

    /// Healthy requests a second beside each program. May be given again
    #[arg(long, default_value = "50")]
    pub noise: Vec<u32>,

    /// Without the agent's sight of tasks: every verdict must be inconclusive
    #[arg(long, value_enum, default_value_t = Instrumentation::On)]
    pub instrumentation: Instrumentation,

    /// Also judge each leaking program without each of the rules that found it
    #[arg(long)]
    pub mutate: bool,

    /// Also write the result to this file
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,

    /// Only list the programs
    #[arg(long)]
    pub list: bool,
}

/// How one program is run and watched.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Multiplies the thresholds of the engine.
    pub time_scale: f64,
    /// How long to watch.
    pub watch: Duration,
    /// Leaks a second.
    pub rate: f64,
    /// The most leaks.
    pub instances: u64,
    /// The runtime.
    pub flavor: Flavor,
    /// Healthy requests a second.
    pub noise: u32,
    /// Whether the agent sees tasks.
    pub instrumentation: Instrumentation,
    /// Whether to judge without single rules as well.
    pub mutate: bool,
}

impl AccuracyArgs {
    /// The programs to run, each with its settings.
    pub(super) fn runs(&self) -> anyhow::Result<Vec<(&'static Program, Settings)>> {
        let wanted = |program: &&Program| {
            self.only.is_empty() || self.only.iter().any(|glob| matches(glob, program.name))
        };
        let mut runs = Vec::new();
        for program in programs::ALL.iter().filter(wanted) {
            for &flavor in &self.flavor {
                for &noise in &self.noise {
                    runs.push((program, self.settings(program.kind, flavor, noise)));
                }
            }
        }
        if runs.is_empty() {
            bail!("no program has such a name\nhint: --list shows them");
        }
        // The longest first: they decide when the last one ends.
        runs.sort_by_key(|run| std::cmp::Reverse(run.1.watch));
        Ok(runs)
    }

    fn settings(&self, kind: Kind, flavor: Flavor, noise: u32) -> Settings {
        let (asked, usual, quick) = match kind {
            Kind::Leaking => (self.watch, 90, 45),
            Kind::Healthy => (self.healthy_for, 600, 45),
        };
        let usual = Duration::from_secs(if self.quick { quick } else { usual });
        Settings {
            time_scale: self.time_scale.unwrap_or(if self.quick { 0.2 } else { 1.0 }),
            watch: asked.unwrap_or(usual),
            rate: self.rate,
            instances: self.instances,
            flavor,
            noise,
            instrumentation: self.instrumentation,
            mutate: self.mutate,
        }
    }
}

/// Whether `text` is as `glob` says, in which `*` stands for anything.
fn matches(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).filter_map(|end| rest.get(end..)).any(|rest| matches(after, rest))
        }),
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(span).map_err(|_| "a time cannot be negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (glob, text, expected) in [
            ("ledger", "ledger", true),
            ("ledger", "ledgers", false),
            ("*", "ledger", true),
            ("led*", "ledger", true),
            ("*ger", "ledger", true),
            ("l*g*r", "ledger", true),
            ("l*x*r", "ledger", false),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob} {text}");
        }
    }
}
