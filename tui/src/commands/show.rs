//! `stranded show`: all that is known of one task.

mod page;

use clap::Args;
use stranded_analysis::facts::{TaskId, View};

use super::{block_on, census};
use crate::app::Picture;
use crate::cli::{Shared, task};
use crate::exit::Exit;
use crate::link::event::Problem;
use crate::output;
use crate::target::Target;

/// Show one task: its state, its wakers, who spawned it and where it waits
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// What to look at: HOST:PORT, http://HOST:PORT, unix:PATH, or a port of this machine
    target: String,
    /// The task's number, as `stranded list TARGET tasks` and findings show it
    #[arg(value_parser = task)]
    task: TaskId,
    /// Print JSON, schema stranded.task.v1
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &ShowArgs, shared: &Shared) -> anyhow::Result<Exit> {
    let target: Target = args.target.parse()?;
    block_on(async {
        let view = View { focus: vec![args.task], own: true, ..View::default() };
        let picture = census::take(&target, view, shared).await?;
        let task =
            picture.model.task(args.task).ok_or_else(|| gone(args.task, &picture, &target))?;
        output::data(&if args.json {
            page::json(task, &picture)
        } else {
            page::text(task, &picture)
        })?;
        Ok(Exit::Success)
    })
}

/// A task that ended is not kept: a service may end thousands a second.
fn gone(task: TaskId, picture: &Picture, target: &Target) -> Problem {
    let name = picture.model.target().map_or_else(|| target.to_string(), |info| info.name.clone());
    Problem {
        what: format!("No task {} is alive in {name}: it ended, or never was", task.0),
        hint: format!("stranded list {target} tasks shows those that are"),
    }
}
