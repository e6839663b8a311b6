//! `stranded demo`: a leaking service, and the terminal UI on it.

use crate::cli::Shared;
use crate::commands::attach;
use crate::demo::{self, DemoArgs};
use crate::exit::Exit;
use crate::target::Target;

/// A real service leaks for days; nobody watches a demonstration for longer than a minute. The screen says so.
const TIME_SCALE: f64 = 0.2;

pub(crate) fn run(args: &DemoArgs, shared: &Shared) -> anyhow::Result<Exit> {
    if args.headless {
        demo::run_headless(args)?;
        return Ok(Exit::Success);
    }
    attach::needs_terminal("stranded demo --headless")?;
    let service = demo::start_child(args)?;
    let target: Target = service.address().parse()?;
    let shared = &shared.hurried(TIME_SCALE);
    let notices: Vec<String> =
        service.note().map(str::to_owned).into_iter().chain(shared.notices()).collect();
    attach::on_terminal(&target, shared, &notices)
}
