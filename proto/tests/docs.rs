//! `docs/WIRE.md` states the bounds that the code holds.

use stranded_proto::limits::*;

#[test]
fn the_documented_bounds_are_the_real_ones() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/WIRE.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = [
        ("a message", format!("{} MiB", MAX_MESSAGE_BYTES >> 20)),
        ("a message in the memory of its reader", format!("{} MiB", MAX_DECODED_BYTES >> 20)),
        ("any number of things", format!("2^{}", MAX_COUNT.ilog2())),
        ("names, paths, versions, span names", format!("{MAX_NAME_BYTES} bytes")),
        ("function names, codes of waits", format!("{MAX_FUNCTION_BYTES} bytes")),
        (
            "sentences (`because`, `fix`, `query_error`, `faults`)",
            format!("{MAX_SENTENCE_BYTES} bytes"),
        ),
        ("`View.query`", format!("{MAX_QUERY_BYTES} bytes")),
        ("`View.limit`, `Window.rows`", MAX_ROWS.to_string()),
        ("`View.focus`", MAX_FOCUS.to_string()),
        ("items of one kind in an `Update`", MAX_ITEMS.to_string()),
        ("`TargetInfo.caps`", MAX_CAPS.to_string()),
        ("`TargetInfo.faults`", MAX_FAULTS.to_string()),
        ("`Site.clusters`", MAX_CLUSTERS.to_string()),
        ("`Site.spawned_by`", MAX_SPAWNED_BY.to_string()),
        ("`Site.spawn_stacks`, `Zombies.stacks`", MAX_STACK_COUNTS.to_string()),
        ("bins of a `History`", MAX_BINS.to_string()),
        ("`Cluster.stacks`", MAX_CLUSTER_STACKS.to_string()),
        ("`Cluster.examples`", MAX_EXAMPLES.to_string()),
        ("`Cluster.waits`, `WaitingTask.waits`", MAX_WAITS.to_string()),
        ("`Task.registrations`, `WaitingTask.registrations`", MAX_REGISTRATIONS.to_string()),
        ("`Stack.addresses`, `Stack.frames`", MAX_STACK_DEPTH.to_string()),
        ("`Resource.holders`", MAX_HOLDERS.to_string()),
        ("`Resource.granted`", MAX_GRANTS.to_string()),
        ("`Resource.handles`", MAX_HANDLES.to_string()),
        ("`Resource.last_takers`", MAX_TAKERS.to_string()),
        ("`Activity.workers`", MAX_WORKERS.to_string()),
        ("`Activity.unpolled`", MAX_UNPOLLED.to_string()),
        ("`Activity.spinning`", MAX_SPINNING.to_string()),
        ("`Worker.name`", format!("{MAX_THREAD_NAME_BYTES} bytes")),
    ];
    for (what, bound) in rows {
        let row = format!("| {what} | {bound} |");
        assert!(page.contains(&row), "docs/WIRE.md lacks: {row}");
    }
}
