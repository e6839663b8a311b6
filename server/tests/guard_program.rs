//! The guard at work in tests of a small program, run as processes of their own: the test fails with the lines that
//! leak, and passes once they do not.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../examples/guarded_cache/cache.rs"]
mod cache;

use std::process::{Command, Output};

use cache::Cache;
use stranded_server::testing::{guard, whole_process};

const CHILD: &str = "GUARDED_CHILD";

/// Whether this is the process that another test has started for the one that asks.
fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[tokio::test]
async fn the_cache_shuts_down() {
    if !is_child() {
        return;
    }
    let guard = guard();
    let cache = Cache::start();
    cache.put("motto", "no task left behind").await;
    assert_eq!(cache.get("motto").await.as_deref(), Some("no task left behind"));
    cache.shutdown();
    guard.assert_no_leaks().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_shuts_down_all() {
    if !is_child() {
        return;
    }
    let guard = guard();
    let cache = Cache::start();
    cache.put("motto", "no task left behind").await;
    cache.shutdown_all();
    guard.assert_no_leaks().await;
}

/// What a binary with one end for all its tests does in its `main`.
#[test]
fn the_whole_process() {
    if !is_child() {
        return;
    }
    let guard = whole_process();
    let runtimes = [(); 2].map(|()| tokio::runtime::Runtime::new().unwrap());
    let caches = runtimes.each_ref().map(|runtime| runtime.block_on(async { Cache::start() }));
    let [leaks, ends] = caches;
    leaks.shutdown();
    ends.shutdown_all();
    guard.assert_no_leaks_blocking();
}

/// Runs a test of this file in a process of its own.
fn run(test: &str) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "yes")
        .env_remove("RUST_BACKTRACE")
        .output()
        .unwrap()
}

/// The line of the program that contains `code`.
fn line_of(code: &str) -> usize {
    let lines = include_str!("../examples/guarded_cache/cache.rs").lines();
    1 + lines.into_iter().position(|line| line.contains(code)).unwrap()
}

fn says_what_leaks(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    let file = "server/examples/guarded_cache/cache.rs";
    let spawned = "server/tests/../examples/guarded_cache/cache.rs";
    for expected in [
        "2 tasks still alive 2s after the end of the test (guard at server/tests/guard_program.rs:"
            .to_owned(),
        format!("1 task spawned at {spawned}:{}\n", line_of("tokio::spawn(own_entries")),
        format!("waits in mpsc recv at {file}:{} (`own_entries`)", line_of("inbox.recv().await")),
        format!("1 task spawned at {spawned}:{}\n", line_of("tokio::spawn(sweep")),
        format!("at {file}:{} (`sweep`)", line_of("tokio::select!")),
    ] {
        assert!(text.contains(&expected), "no {expected:?} in\n{text}");
    }
}

#[test]
fn a_test_that_leaks_fails_and_says_where() {
    says_what_leaks(&run("the_cache_shuts_down"));
}

#[test]
fn a_test_that_ends_its_tasks_passes() {
    let output = run("the_cache_shuts_down_all");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_whole_process_is_guarded_on_all_its_runtimes() {
    says_what_leaks(&run("the_whole_process"));
}
