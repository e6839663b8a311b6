//! The registry driven by hand, call by call as Tokio would.

mod endings;
mod real;
mod settle;
mod slot;

use stranded_analysis::facts::Moment;

use super::*;

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
    registry.enter(id, || true);
    inside();
    registry.exit(id);
}

#[test]
fn a_task_whose_first_poll_happens_where_its_wakers_go_unseen_is_never_judged() {
    let registry = registry();
    for _ in 0..50 {
        let id = spawn(&registry, 1);
        registry.enter(id, || false);
        registry.exit(id);
    }
    let look = registry.look(std::time::Duration::ZERO);
    assert_eq!((look.unaccounted, look.sites[0].clusters[0].zero_wakers), (50, 0));
}
