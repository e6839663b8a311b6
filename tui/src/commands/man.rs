//! `stranded man`: the manual pages.

use clap::Args;
use clap_mangen::Man;

use crate::cli::nearest;
use crate::exit::Exit;
use crate::link::event::Problem;
use crate::output;

/// Print a manual page
///
/// To read it: stranded man | man -l -
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The command whose page to print [default: the page of stranded itself]
    command: Option<String>,
}

pub(crate) fn run(args: &ManArgs, mut whole: clap::Command) -> anyhow::Result<Exit> {
    whole.build();
    let page = match &args.command {
        None => whole,
        Some(name) => whole.find_subcommand(name).cloned().ok_or_else(|| unknown(name, &whole))?,
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    output::data(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Success)
}

fn unknown(name: &str, whole: &clap::Command) -> Problem {
    let names: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
    let meant = nearest(name, names.iter().copied())
        .map_or_else(String::new, |name| format!("did you mean `{name}`? "));
    Problem {
        what: format!("There is no command `{name}`"),
        hint: format!("{meant}The commands are {}", names.join(", ")),
    }
}
