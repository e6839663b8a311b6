//! Cuts the machinery off both ends of a stack, and says what its leaf waits for.

use std::ops::Range;

use stranded_analysis::facts::Wait;

use super::call::Call;
use super::source::{Origin, origin_of_function};
use super::table::{Row, TABLE};

/// The calls between the clone of the waker and the poll of the task.
pub(super) fn of_the_task(calls: &[Call]) -> Range<usize> {
    let start = leaf_end(calls);
    start..root_end(calls, start)
}

/// The calls from whoever spawned a task to the root of its own task or thread.
pub(super) fn of_the_spawn(calls: &[Call]) -> Range<usize> {
    let reports = |call: &Call| call.origin == Origin::Agent || call.path.starts_with("tracing");
    let spawns = |call: &Call| {
        ["tokio::task", "tokio::runtime", "tokio::util::trace", "tokio_util::task"]
            .iter()
            .any(|module| call.is(module, "*"))
    };
    // What the standard library does between them goes with them, but not what it does beyond: it may be dropping
    // the value whose `drop` spawns.
    let at_the_leaf = |call: &&Call| call.origin == Origin::Std || reports(call) || spawns(call);
    let leaf = calls.iter().take_while(at_the_leaf).count();
    let start = calls[..leaf].iter().rposition(|call| reports(call) || spawns(call));
    let start = start.map_or(0, |last| last + 1);
    start..root_end(calls, start)
}

/// How many calls at the leaf only report the clone: the agent, `tracing`, the waker's own functions.
fn leaf_end(calls: &[Call]) -> usize {
    let after = |is_last: fn(&Call) -> bool| calls.iter().position(is_last).map(|at| at + 1);
    after(|call| call.is("core::task::wake", "Waker::clone"))
        .or_else(|| after(|call| call.is("tokio::runtime::task::waker", "*")))
        .unwrap_or_else(|| {
            calls
                .iter()
                .take_while(|call| {
                    call.origin == Origin::Agent
                        || call.path.starts_with("tracing")
                        || call.path.starts_with("backtrace")
                })
                .count()
        })
}

/// Where Tokio polls the task; from there outward nothing belongs to it.
fn root_end(calls: &[Call], start: usize) -> usize {
    let polls_the_task = |call: &Call| {
        call.is("tokio::runtime::task::core", "*")
            || call.is("tokio::runtime::task::harness", "poll_future")
            || call.is("tokio::runtime::task::harness", "Harness::poll")
            || call.is("tokio::runtime::task::raw", "poll")
            || (call.path.starts_with("tokio::runtime::") && call.path.ends_with("block_on"))
    };
    let mut end =
        calls[start..].iter().position(polls_the_task).map_or(calls.len(), |at| start + at);
    let mut drop_last = |goes: &dyn Fn(&Call) -> bool, most: usize| {
        for _ in 0..most {
            if end > start && goes(&calls[end - 1]) {
                end -= 1;
            }
        }
    };
    let forwards = |call: &Call| call.origin == Origin::Std || call.is("tokio::loom", "*");
    drop_last(&forwards, usize::from(u8::MAX));
    // Tokio's own span around the task; a further one is the user's.
    drop_last(&|call| call.is("tracing::instrument", "*"), 1);
    drop_last(&forwards, usize::from(u8::MAX));
    end
}

/// What the stack waits for; `None` if no call has a name.
pub(super) fn wait(calls: &[Call]) -> Option<Wait> {
    let mut wait: Option<&Wait> = None;
    let mut keeper: Option<&Call> = None;
    for call in calls.iter().filter(|call| !call.path.is_empty() && !forwards_wakers(call)) {
        let part_of_tokio = RELATIVES.iter().any(|krate| call.is(krate, "*"));
        if call.origin == Origin::Library && part_of_tokio {
            if let Some(row) = TABLE.iter().find(|row| fits(row, call, wait)) {
                wait = Some(&row.wait);
            }
            // Of calls in a row that the table does not know, the outermost is the public one.
            keeper = Some(call);
        } else {
            keeper = keeper.or(Some(call));
            break;
        }
    }
    wait.cloned().or_else(|| keeper.map(|call| Wait::Other(call.function())))
}

/// The crates that the table knows. Beyond another crate's function no primitive goes on.
const RELATIVES: [&str; 6] =
    ["tokio", "tokio_util", "tokio_stream", "futures_channel", "futures_core", "futures_util"];

/// Calls that keep wakers on behalf of their callers, or only pass them on.
fn forwards_wakers(call: &Call) -> bool {
    call.origin == Origin::Std
        || origin_of_function(&call.path, true) == Origin::Std
        || call.is("tokio::sync::task::atomic_waker", "*")
        || call.is("futures_core::task::__internal::atomic_waker", "*")
        || call.is("tokio::loom", "*")
        || call.is("tokio::util::trace", "*")
        || call.is("tracing", "*")
        || call.is("pin_project_lite", "*")
}

/// Whether `row` says what a stack waits for, of which the calls within `call` are read as `so_far`.
fn fits(row: &Row, call: &Call, so_far: Option<&Wait>) -> bool {
    let reached = match so_far {
        None => row.instead_of.is_empty(),
        Some(wait) => row.instead_of.contains(wait),
    };
    reached && call.is(row.module, row.function)
}
