//! `stranded [TARGET]`: the terminal UI on a running service.

use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;

use clap::Args;
use stranded_analysis::facts::View;

use crate::cli::{Shared, TARGET, commands, nearest};
use crate::exit::Exit;
use crate::link;
use crate::link::event::Problem;
use crate::run::{self, Channels, RunOptions};
use crate::target::Target;

/// The time between two updates.
const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct AttachArgs {
    #[arg(help = TARGET)]
    pub(crate) target: Option<String>,
}

pub(crate) fn run(args: &AttachArgs, shared: &Shared) -> anyhow::Result<Exit> {
    let target = Target::choose(args.target.as_deref());
    let target = target.map_err(|problem| mistyped(args.target.as_deref(), problem))?;
    if let Target::Recording(path) = &target {
        return Err(Problem {
            what: format!(
                "`{}` is a file, and the terminal UI cannot open files yet",
                path.display()
            ),
            hint: "name a running service as HOST:PORT, http://HOST:PORT or unix:PATH".to_owned(),
        }
        .into());
    }
    needs_terminal(&format!("stranded check {target}, or stranded list {target}"))?;
    on_terminal(&target, shared, &shared.notices())
}

/// Refuses if there is no terminal to draw on; `instead` is what can be done without one.
pub(crate) fn needs_terminal(instead: &str) -> Result<(), Problem> {
    if stdin().is_terminal() && stdout().is_terminal() {
        return Ok(());
    }
    Err(Problem {
        what: "The terminal UI needs a terminal".to_owned(),
        hint: format!("without one: {instead}"),
    })
}

/// Runs the terminal UI on `target` until the user quits. `notices` are what must be known about
/// the session.
pub(crate) fn on_terminal(
    target: &Target,
    shared: &Shared,
    notices: &[String],
) -> anyhow::Result<Exit> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let ended = runtime.block_on(async {
        let link = link::start(target.clone(), View::default());
        let options = RunOptions {
            target: target.to_string(),
            policy: shared.policy(),
            ascii: shared.look.ascii(),
            color: shared.look.color_on(&stdout()),
            interval: INTERVAL,
            notice: (!notices.is_empty()).then(|| notices.join("; ")),
        };
        run::run(options, Channels { events: link.events, commands: link.commands }).await
    });
    // A name that is still being looked up must not keep the user.
    runtime.shutdown_background();
    match ended? {
        run::Exit::Quit => Ok(Exit::Success),
        run::Exit::Terminated => Ok(Exit::Terminated),
        run::Exit::HungUp => Ok(Exit::HungUp),
        run::Exit::Panicked(report) => {
            eprintln!("{report}");
            Ok(Exit::Panicked)
        }
    }
}

/// A word that is no target may be a command with a slip in it.
fn mistyped(word: Option<&str>, problem: Problem) -> Problem {
    let commands = commands();
    match word.and_then(|word| nearest(word, commands.iter().map(String::as_str))) {
        Some(command) => Problem { hint: format!("did you mean `stranded {command}`?"), ..problem },
        None => problem,
    }
}
