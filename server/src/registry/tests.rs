//! The registry driven by hand, call by call as Tokio would.

mod activity;
mod cancels;
mod durations;
mod endings;
mod real;
mod resources;
mod service;
mod settle;
mod slot;
mod wakers;
mod zombies;

use stranded_analysis::facts::Moment;

use super::*;
use crate::threads::Place;

/// Who performs a wake, where that does not matter.
const BY_A_DRIVER: By =
    By { who: By::DRIVER, site: BY_DRIVER, thread: Place::NONE, to_self: false };

fn registry() -> Registry {
    Registry::new(1, Capture::Off, Budget::new(0))
}

/// Spawns a task at a site of its own for each `line`.
fn spawn(registry: &Registry, line: u32) -> SlotId {
    registry.spawn(&Spawn {
        kind: TaskKind::Task,
        name: "",
        number: 0,
        size: 0,
        original_size: 0,
        file: "src/main.rs",
        line,
        column: 5,
    })
}

fn poll(registry: &Registry, id: SlotId, inside: impl FnOnce()) {
    registry.enter(id, true);
    inside();
    registry.exit(id);
}
