//! One command that runs the corpus and measures how right `stranded` is about it.
//!
//! The same executable is the runner, every program of the corpus, and the viewer, each as a process of its own:
//! so one command builds all that is measured.

use std::env;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use stranded_corpus::accuracy::{self, AccuracyArgs, VIEWER};
use stranded_corpus::harness::process::{self, ProgramArgs};

/// Runs the programs of the corpus, judges them through `stranded check --json`, and compares with the truth
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    accuracy: AccuracyArgs,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(clap::Subcommand)]
enum Role {
    /// Runs one program of the corpus until standard input ends
    Program(ProgramArgs),
}

fn main() -> Result<ExitCode> {
    if env::args_os().next().is_some_and(|name| name == VIEWER) {
        return Ok(stranded_tui::cli::main());
    }
    let cli = Cli::parse();
    match &cli.role {
        Some(Role::Program(args)) => process::main(args).map(|()| ExitCode::SUCCESS),
        None => accuracy::main(&cli.accuracy),
    }
}
