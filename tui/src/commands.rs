//! What can be done without the terminal UI, a file each.

pub(crate) mod attach;
mod census;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
mod json;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod show;

use crate::exit::{Exit, unless_signalled};

/// Runs a command that talks to a target; a signal ends it at once.
fn block_on(command: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(unless_signalled(command));
    // A name that is still being looked up must not keep us.
    runtime.shutdown_background();
    outcome
}
