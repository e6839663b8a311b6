//! The command line: what can be typed, and where it goes.

mod error;
pub(crate) mod file;
mod look;
mod nearest;
mod value;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use stranded_analysis::Policy;
use stranded_analysis::allow::Allowances;
use stranded_analysis::report::RuleId;

pub(crate) use self::look::Look;
pub(crate) use self::nearest::nearest;
pub(crate) use self::value::{filter, span, task, task_filter};
use crate::commands::{attach, check, completions, demo, doctor, explain, list, man, show};
use crate::demo::DemoArgs;
use crate::exit::Exit;
use crate::link::event::Problem;

/// What every command says of its target, where it has a default.
pub(crate) const TARGET: &str =
    "What to look at [default: $STRANDED_TARGET, then http://127.0.0.1:6669]";

const USAGE: &str = "stranded [OPTIONS] [TARGET]
       stranded [OPTIONS] <COMMAND>";

const EXAMPLES: &str = "\
Examples:
  stranded                                 look at the service on this machine
  stranded orders:7000                     ... at another address
  kubectl port-forward POD 6669 & stranded
  stranded check localhost --for 1m        fail a script if tasks leak
  stranded list localhost tasks --filter 'parked>5m -waits:timer'
  stranded doctor localhost                why is it empty, what to change
  stranded demo                            try it on a service that leaks

Targets: HOST:PORT, http://HOST:PORT, unix:PATH, or a bare port of this machine.";

/// Finds Tokio tasks that will never finish.
///
/// Attaches to a running service that embeds `stranded-server`, lists its live tasks by the place
/// that spawned them, and says which are stranded: the evidence, the line where they wait and how
/// to fix it. The service is only read.
#[derive(Debug, Parser)]
#[command(name = "stranded", version, max_term_width = 100)]
#[command(override_usage = USAGE, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    attach: attach::AttachArgs,
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
pub(crate) struct Shared {
    #[command(flatten)]
    pub(crate) look: Look,
    /// Multiplies every threshold of the engine: for demonstrations and tests.
    #[arg(
        long,
        global = true,
        hide = true,
        value_name = "FACTOR",
        env = "STRANDED_TIME_SCALE",
        value_parser = value::factor
    )]
    time_scale: Option<f64>,
    /// Does not ask a rule: to see what the others find without it.
    #[arg(long, global = true, hide = true, value_name = "RULE", value_parser = value::rule)]
    without_rule: Vec<RuleId>,
    /// What the team accepts: a leaks.toml with places, budgets, reasons and expiry
    #[arg(long, global = true, value_name = "FILE", env = "STRANDED_POLICY")]
    policy: Option<PathBuf>,
    /// What that file says.
    #[arg(skip)]
    allowances: Allowances,
}

impl Shared {
    /// The thresholds to judge by, and what is accepted.
    pub(crate) fn policy(&self) -> Policy {
        let policy = Policy {
            without: self.without_rule.clone(),
            allowances: self.allowances.clone(),
            ..Policy::default()
        };
        match self.time_scale {
            Some(factor) => policy.scaled(factor),
            None => policy,
        }
    }

    /// Reads the files that are named.
    fn read(&mut self) -> anyhow::Result<()> {
        if let Some(path) = &self.policy {
            self.allowances = file::allowances(path)?;
        }
        Ok(())
    }

    /// What whoever reads a verdict must know about how it was reached.
    pub(crate) fn notices(&self) -> Vec<String> {
        let scaled = self
            .time_scale
            .map(|factor| format!("time scale {factor}: thresholds of the rules times {factor}"));
        let without =
            self.without_rule.iter().map(|rule| format!("rule {} is switched off", rule.0));
        scaled.into_iter().chain(without).collect()
    }

    /// The same, judging by thresholds multiplied by `factor` unless the user has said by how much.
    pub(crate) fn hurried(&self, factor: f64) -> Self {
        Self { time_scale: self.time_scale.or(Some(factor)), ..self.clone() }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Doctor(doctor::DoctorArgs),
    Explain(explain::ExplainArgs),
    Demo(DemoArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Reads the command line, does what it says, and tells the shell how it went.
pub fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(error) => match mistyped(&error, std::env::args().nth(1)) {
            Some(problem) => Err(problem.into()),
            None => error.exit(),
        },
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            error::print(&error);
            Exit::Error.into()
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Exit> {
    let Cli { attach, mut shared, command } = cli;
    shared.read()?;
    let Some(command) = command else {
        return attach::run(&attach, &shared);
    };
    if let Some(target) = attach.target {
        let message = format!("`{target}` stands before a command; a target comes after it");
        Cli::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    match command {
        Command::Check(args) => check::run(&args, &shared),
        Command::List(args) => list::run(&args, &shared),
        Command::Show(args) => show::run(&args, &shared),
        Command::Doctor(args) => doctor::run(&args, &shared),
        Command::Explain(args) => explain::run(&args),
        Command::Demo(args) => demo::run(&args, &shared),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
    }
}

/// With arguments behind it that no target has, the first word was meant as a command: what it may have been.
fn mistyped(error: &clap::Error, first: Option<String>) -> Option<Problem> {
    let typed = first.filter(|_| error.kind() == ErrorKind::UnknownArgument)?;
    let commands = commands();
    let meant =
        nearest(&typed, commands.iter().map(String::as_str)).filter(|meant| *meant != typed)?;
    Some(Problem {
        what: format!("There is no command `{typed}`"),
        hint: format!("did you mean `stranded {meant}`?"),
    })
}

/// The names of all commands.
pub(crate) fn commands() -> Vec<String> {
    let command = Cli::command();
    command.get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_line_that_the_documentation_shows_makes_sense() {
        let mut shown = shell_lines(include_str!("../../README.md"));
        assert!(shown.len() >= 4, "{shown:?}");
        shown.extend(examples(&Cli::command()));
        assert!(shown.len() >= 12, "{shown:?}");
        for line in shown {
            let cli =
                Cli::try_parse_from(words(&line)).unwrap_or_else(|error| panic!("{line}: {error}"));
            if let Some(Command::List(args)) = &cli.command {
                args.query().unwrap_or_else(|problem| panic!("{line}: {problem:?}"));
            }
        }
    }

    /// The lines of the blocks of shell that run `stranded`, comments left out.
    fn shell_lines(markdown: &str) -> Vec<String> {
        let blocks = markdown.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
        blocks
            .flat_map(str::lines)
            .filter_map(|line| line.split(" #").next())
            .map(|line| line.trim().replace("cargo run --release --bin stranded --", "stranded"))
            .filter(|line| line == "stranded" || line.starts_with("stranded "))
            .collect()
    }

    /// The examples in the help of a command and of those below it; two blanks end a command line.
    fn examples(command: &clap::Command) -> Vec<String> {
        let help = [command.get_after_help(), command.get_after_long_help()];
        let own =
            help.into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let own = own.lines().filter_map(|line| line.trim().split("  ").next());
        let mut found: Vec<String> =
            own.filter(|line| line.starts_with("stranded ")).map(str::to_owned).collect();
        found.extend(command.get_subcommands().flat_map(examples));
        found
    }

    /// The words of a command line in which only single quotes are special.
    fn words(line: &str) -> Vec<String> {
        let quoted = line.split('\'').enumerate();
        let words = quoted.flat_map(|(part, text)| match part % 2 {
            0 => text.split_whitespace().map(str::to_owned).collect(),
            _ => vec![text.to_owned()],
        });
        words.collect()
    }
}
