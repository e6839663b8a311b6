//! How right the engine is about the corpus, as numbers.
//!
//! Reading order: [`args`]; [`target`] runs a program, [`viewer`] looks at it, [`report`] is what the looks say;
//! [`account`] is what the program says; [`mod@score`] compares the two, [`baseline`] does so for two simpler rules;
//! [`totals`] adds up, and [`page`] writes it down.

mod account;
mod args;
mod baseline;
mod page;
mod ratio;
mod report;
mod run;
mod score;
mod target;
mod totals;
mod viewer;

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Context as _;

use crate::programs;

pub use self::account::{Account, Site};
pub use self::args::{AccuracyArgs, Settings};
pub use self::run::{Observed, observe};
pub use self::score::{Score, score};
pub use self::target::Target;
pub use self::viewer::VIEWER;

/// Runs what `args` select, and prints and writes what came of it.
pub fn main(args: &AccuracyArgs) -> anyhow::Result<ExitCode> {
    if args.list {
        for program in programs::ALL {
            println!("{:<22} {:<5} {}", program.name, program.scenario, program.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let runs = args.runs()?;
    let queue = Mutex::new(runs.iter().copied().collect::<VecDeque<_>>());
    let done = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        for _ in 0..args.jobs.clamp(1, runs.len().max(1)) {
            scope.spawn(|| {
                while let Some((program, settings)) = next() {
                    let scored = observe(program, &settings).map(|seen| score(&seen));
                    let line = match &scored {
                        Ok(score) => score.line(),
                        Err(error) => format!("{:<22} failed: {error:#}", program.name),
                    };
                    eprintln!("{line}");
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(scored);
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut scores = done.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    scores.sort_by_key(|score| (score.leaking, score.name, score.setting.clone()));
    let page = page::text(args, &scores);
    println!("{page}");
    if let Some(path) = &args.write {
        std::fs::write(path, &page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let perfect = scores.iter().all(Score::is_right);
    Ok(if perfect { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
