//! What watching costs: the same workloads under no subscriber, a bare one, console-subscriber and the
//! agent, each in a process of its own, taking turns.
//!
//! ```text
//! cargo bench -p stranded-server --bench overhead                  the figures of docs/OVERHEAD.md
//! cargo bench -p stranded-server --bench overhead -- --rounds 3    fewer turns
//! ```
//!
//! Ratios are between runs of one round, so that a machine that slows down slows all of them. Started in
//! any other way (`cargo test --benches`), it makes one short round, to show that it works.

mod bare;
mod configuration;
mod figures;
mod workload;

use std::io;
use std::process::{Command, ExitCode};

use configuration::Configuration;
use figures::Figures;
use workload::{Effort, Workload};

/// Turns of a full run.
const ROUNDS: usize = 7;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["child", configuration, workload, effort] => child(configuration, workload, effort),
        ["--bench"] => compare(ROUNDS, Effort::Full),
        ["--rounds", rounds, "--bench"] => match rounds.parse() {
            Ok(rounds) if rounds > 0 => compare(rounds, Effort::Full),
            _ => Err(format!("--rounds {rounds}: not a number above 0")),
        },
        [] => compare(1, Effort::Short),
        _ => {
            Err("usage: cargo bench -p stranded-server --bench overhead [-- --rounds N]".to_owned())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("overhead: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Measures one workload under one configuration, and prints the figure.
fn child(configuration: &str, workload: &str, effort: &str) -> Result<(), String> {
    let configuration = Configuration::named(configuration)
        .ok_or_else(|| format!("no configuration {configuration}"))?;
    let workload = Workload::named(workload).ok_or_else(|| format!("no workload {workload}"))?;
    let effort = Effort::named(effort).ok_or_else(|| format!("no effort {effort}"))?;
    let installed = configuration.install()?;
    let figure = workload.measure(configuration, effort);
    installed.check()?;
    println!("{figure}");
    Ok(())
}

/// Measures everything, in turns, and prints the tables.
fn compare(rounds: usize, effort: Effort) -> Result<(), String> {
    let mut figures = Figures::default();
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for workload in Workload::ALL {
            // Another one goes first each time: whoever follows a busy neighbour is at a disadvantage.
            for turn in 0..Configuration::ALL.len() {
                let configuration = Configuration::ALL[(turn + round) % Configuration::ALL.len()];
                let figure = measured(configuration, workload, effort)
                    .map_err(|error| format!("{workload} under {configuration}: {error}"))?;
                figures.add(workload, configuration, figure);
            }
        }
    }
    print!("{figures}");
    Ok(())
}

/// The figure of one workload under one configuration, from a process of its own.
fn measured(configuration: Configuration, workload: Workload, effort: Effort) -> io::Result<f64> {
    let output = Command::new(std::env::current_exe()?)
        .args(["child", configuration.name(), workload.name(), effort.name()])
        // Settings of the caller's are not what is measured.
        .env_remove("RUST_LOG")
        .env_remove("STRANDED_STACKS")
        .env_remove("STRANDED_RESOURCES")
        .env_remove("STRANDED_MEMORY_MB")
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim().parse() {
        Ok(figure) if output.status.success() => Ok(figure),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(io::Error::other(format!("{}: {said}{text}", output.status)))
        }
    }
}
