//! Attaching to a service with very many live tasks: how long until everything is known, how much is sent,
//! and what the agent costs the service before and after.
//!
//! ```text
//! cargo bench -p stranded-server --bench attach                       the figures of docs/OVERHEAD.md
//! cargo bench -p stranded-server --bench attach -- --rounds 1 100000  one round with as many tasks
//! ```
//!
//! Each round is a process of its own, to which nobody has attached before, so that no symbol is known yet.
//! Started in any other way (`cargo test --benches`), it makes one short round, to show that it works.

mod figures;
mod service;
#[path = "../../examples/crowd/tasks.rs"]
mod tasks;
mod viewer;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use figures::{Figure, Figures};
use service::Service;
use viewer::Viewer;

/// Live tasks, one series of rounds each.
const CROWDS: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Rounds of a full run.
const ROUNDS: usize = 5;
/// Over how long processor time is measured.
const SPAN: Duration = Duration::from_secs(12);
/// The same, when all that counts is that it works.
const SHORT: (usize, Duration) = (2_000, Duration::from_secs(1));

const USAGE: &str = "cargo bench -p stranded-server --bench attach [-- --rounds N [TASKS]]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["child", count] => number(count).and_then(service::run),
        ["--bench"] => measure(&CROWDS, ROUNDS, SPAN),
        ["--rounds", rounds, "--bench"] => {
            number(rounds).and_then(|rounds| measure(&CROWDS, rounds, SPAN))
        }
        ["--rounds", rounds, count, "--bench"] => number(rounds)
            .and_then(|rounds| number(count).and_then(|count| measure(&[count], rounds, SPAN))),
        [] => measure(&[SHORT.0], 1, SHORT.1),
        _ => Err(format!("usage: {USAGE}").into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("attach: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn number(word: &str) -> Result<usize, Box<dyn Error>> {
    let number = word.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{word}` is not a number above 0").into())
}

/// Measures all rounds of all crowds, in turns, and prints the table.
fn measure(crowds: &[usize], rounds: usize, span: Duration) -> Result<(), Box<dyn Error>> {
    let mut figures = Figures::of(crowds);
    for round in 1..=rounds {
        for &count in crowds {
            eprintln!("round {round} of {rounds}: {count} tasks");
            attach(count, span, |figure, value| figures.add(count, figure, value))?;
        }
    }
    print!("{figures}");
    Ok(())
}

/// One round: a new service, left alone for a while, then watched.
fn attach(
    count: usize,
    span: Duration,
    mut add: impl FnMut(Figure, f64),
) -> Result<(), Box<dyn Error>> {
    let service = Service::start(count)?;
    add(Figure::Alone, service.agent_load(span)?);

    // One worker, as `stranded` itself has.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut viewer = runtime.block_on(Viewer::attach(service.address(), count))?;
    add(Figure::First, viewer.first.as_secs_f64() * 1e3);
    add(Figure::Useful, viewer.useful.as_secs_f64() * 1e3);
    add(Figure::Bytes, viewer.bytes as f64 / 1024.0);
    add(Figure::LargestMessage, viewer.largest as f64 / 1024.0);
    let (named, judged) = runtime.block_on(viewer.until_named())?;
    add(Figure::Named, named.as_secs_f64() * 1e3);
    add(Figure::Judged, judged.as_secs_f64() * 1e3);

    let watching = runtime.spawn(async move {
        // It ends with the service, at the latest.
        while viewer.next().await.is_ok() {}
    });
    add(Figure::Watched, service.agent_load(span)?);
    add(Figure::Resident, service.resident_bytes()? / f64::from(1 << 20));
    watching.abort();
    Ok(())
}
