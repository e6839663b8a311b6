//! Does Tokio's instrumentation reach us? One task of our own must be seen to live its whole life.

use std::time::Duration;

use stranded_analysis::facts::Instrumentation;
use tokio::sync::oneshot;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

use crate::registry::{Registry, Seen};

/// The exact lines that turn the instrumentation on.
const CFG_FIX: &str = "add `rustflags = [\"--cfg\", \"tokio_unstable\"]` under `[build]` in .cargo/config.toml, and check that \
     neither the RUSTFLAGS variable nor a `[target]` section replaces it";

/// What is known to be missing from this build.
pub(crate) fn missing() -> Option<Instrumentation> {
    if !cfg!(tokio_unstable) {
        return Some(Instrumentation::Missing {
            because: "the service was built without `--cfg tokio_unstable`".to_owned(),
            fix: CFG_FIX.to_owned(),
        });
    }
    if STATIC_MAX_LEVEL < LevelFilter::TRACE {
        return Some(Instrumentation::Missing {
            because: format!(
                "TRACE call sites are compiled out: a crate of this build turns on a `max_level_*` or \
                 `release_max_level_*` feature of `tracing`, which leaves `{STATIC_MAX_LEVEL}`"
            ),
            fix: "find it with `cargo tree -e features -i tracing`, and turn that feature off"
                .to_owned(),
        });
    }
    None
}

/// What to say when another subscriber was installed first.
pub(crate) fn not_installed() -> Instrumentation {
    Instrumentation::Missing {
        because: "another `tracing` subscriber was set before the agent".to_owned(),
        fix: "hand it over instead of installing it: `stranded_server::Builder::new().wrap(subscriber).init()`"
            .to_owned(),
    }
}

/// Lets a task be spawned, park, be woken and end, and says whether all of it was seen. `None`: there was no room for
/// one more task.
///
/// Runs on the agent's own runtime, which shares Tokio, `tracing` and the subscriber with the application's.
pub(crate) async fn fly(registry: &Registry) -> Option<Instrumentation> {
    let (wake, woken) = oneshot::channel::<()>();
    let task = tokio::spawn(async {
        let _ = woken.await;
    });
    let number = task.id().to_string().parse().unwrap_or(0);
    let parked =
        wait(|| registry.seen(number).is_some_and(|seen| seen.polls >= 1 && seen.clones >= 1))
            .await;
    let at_rest = registry.seen(number);
    let ended_before = registry.own_ended();
    let _ = wake.send(());
    let _ = task.await;
    let ended =
        wait(|| registry.own_ended() > ended_before && registry.seen(number).is_none()).await;
    let lacking = match at_rest {
        None if registry.untracked() > 0 => return None,
        None => "its spawn",
        Some(Seen { polls: 0, .. }) => "its poll",
        Some(Seen { clones: 0, .. }) => "the clone of its waker",
        Some(Seen { live: 0, .. }) => "its live waker",
        Some(_) if !parked => "its parking",
        Some(_) if !ended => "its end",
        Some(_) => return Some(Instrumentation::Working),
    };
    Some(Instrumentation::Missing {
        because: format!("a task of the agent's own ran, but {lacking} was not seen"),
        fix: format!(
            "{CFG_FIX}; then check that no filter or scoped dispatcher keeps Tokio's events away"
        ),
    })
}

/// Waits until `holds`, for a second at most.
async fn wait(holds: impl Fn() -> bool) -> bool {
    for _ in 0..100 {
        if holds() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    holds()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing_core::subscriber::NoSubscriber;
    use tracing_core::{Dispatch, dispatcher};

    use super::*;
    use crate::own;
    use crate::stack::{Budget, Capture};
    use crate::subscriber::Tee;

    /// What a canary finds whose registry may take that much memory.
    fn found(memory_mb: u32, seen: bool) -> Option<Instrumentation> {
        let fly = move || {
            own::mark_thread();
            let registry = Arc::new(Registry::new(memory_mb, Capture::Off, Budget::new(0)));
            let tee = Tee::new(Arc::clone(&registry), NoSubscriber::new());
            let dispatch = if seen { Dispatch::new(tee) } else { Dispatch::none() };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            dispatcher::with_default(&dispatch, || runtime.unwrap().block_on(fly(&registry)))
        };
        std::thread::spawn(fly).join().unwrap()
    }

    #[test]
    fn it_tells_whether_a_task_is_seen_from_its_spawn_to_its_end() {
        assert_eq!(found(1, true), Some(Instrumentation::Working));
        let Some(Instrumentation::Missing { because, .. }) = found(1, false) else {
            panic!("nothing was seen");
        };
        assert!(because.contains("its spawn"), "{because}");
    }

    #[test]
    fn without_room_for_one_more_task_it_tells_nothing() {
        assert_eq!(found(0, true), None);
    }
}
