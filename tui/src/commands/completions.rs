//! `stranded completions`: completion scripts for shells.

use clap::Args;
use clap_complete::Shell;

use crate::exit::Exit;
use crate::output;

/// Print a completion script for a shell
///
/// For bash: stranded completions bash > ~/.local/share/bash-completion/completions/stranded
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, command: &mut clap::Command) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "stranded", &mut script);
    output::data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
