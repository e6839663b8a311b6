//! The agent in a running service, seen over gRPC, against what the service says is true.

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use stranded_tui::demo::LEAKS;

use crate::attached::Attached;
use crate::compare::differences;
use crate::process::{Demo, PATIENCE};

/// More than the time that a census takes.
const MARGIN_MS: u64 = 400;
/// How old the sites of a census may be.
const AGE_MS: u64 = 1_000;

#[tokio::test]
async fn the_agent_says_of_every_site_what_is_true_of_it() {
    let demo = Demo::start("all");
    demo.wait_for(|truth| {
        truth.sites.iter().filter(|site| site.leaked >= 3).count() == LEAKS.len()
    });
    let mut agent = Attached::to(&demo.target);
    let start = Instant::now();
    loop {
        let before = demo.truth();
        let taken = agent.census_after(before.at_unix_ms + AGE_MS + MARGIN_MS).await;
        let after = demo.wait_for(|truth| truth.at_unix_ms > taken + MARGIN_MS);
        let differences = differences(&before, &agent, &after);
        if differences.is_empty() {
            break;
        }
        // Tasks move while they are read; stacks get their names a moment after they are first seen.
        assert!(start.elapsed() < PATIENCE, "{}", differences.join("\n"));
    }
    let gauges = agent.model.gauges().unwrap();
    assert_eq!(gauges.untracked, 0);
    assert_eq!(agent.model.lost(), 0);
}

/// Runs `stranded check` on a service for a time, with thresholds as they are times `scale`.
fn check(demo: &Demo, span: &str, scale: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stranded"));
    command.env("STRANDED_TIME_SCALE", scale);
    command.args(["check", &demo.target, "--json", "--for", span]).output().unwrap()
}

#[test]
fn a_check_finds_every_leaking_site_and_accuses_no_other() {
    let demo = Demo::start("all");
    let output = check(&demo, "25s", "0.25");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let truth = demo.truth();
    let mut found = BTreeSet::new();
    for finding in report["findings"].as_array().unwrap() {
        let (file, line) = (&finding["site"]["file"], &finding["site"]["line"]);
        let site = truth.sites.iter().find(|site| *file == site.file && *line == site.line);
        let site = site.unwrap_or_else(|| panic!("not a site of the service: {finding}"));
        assert!(site.leaking, "{finding}");
        let wait = site.wait.as_ref().unwrap();
        let park = &finding["park"];
        assert!(park["file"] == wait.file && park["line"] == wait.line, "{finding}\n{site:?}");
        found.insert(site.name.clone());
    }
    let leaking: BTreeSet<_> =
        truth.sites.iter().filter(|site| site.leaked > 0).map(|site| site.name.clone()).collect();
    assert_eq!(found, leaking);
}

#[test]
fn a_check_of_the_healthy_service_finds_nothing() {
    let demo = Demo::start("none");
    // So long as nothing can be judged it is inconclusive, and never clean.
    let start = Instant::now();
    loop {
        let output = check(&demo, "20s", "1");
        match output.status.code() {
            Some(0) => return,
            Some(3) if start.elapsed() < Duration::from_mins(3) => {}
            _ => panic!("{}", String::from_utf8_lossy(&output.stdout)),
        }
    }
}
