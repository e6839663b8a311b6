//! What README.md tells its reader to do is what this repository does itself.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

/// A file of the workspace.
fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join(path)).unwrap()
}

/// The first line of `text` that begins like that, blanks and comments left out.
#[track_caller]
fn line<'a>(text: &'a str, start: &str) -> &'a str {
    let found = text.lines().map(str::trim).find(|line| line.starts_with(start));
    found.unwrap().split(" #").next().unwrap().trim()
}

#[test]
fn a_service_is_built_with_the_flags_that_this_repository_builds_with() {
    let (readme, manifest) = (read("README.md"), read("Cargo.toml"));
    assert_eq!(line(&readme, "rustflags = "), line(&read(".cargo/config.toml"), "rustflags = "));
    let (_, release) = manifest.split_once("[profile.release]").unwrap();
    assert_eq!(line(&readme, "debug = "), line(release, "debug = "));
    assert!(line(&readme, "stranded-server = ").contains("../stranded/server"));
}

#[test]
fn the_agent_is_started_as_the_demo_starts_it() {
    let (readme, demo) = (read("README.md"), read("tui/src/demo/service.rs"));
    let shown = line(&readme, "// stranded_server::Builder::new()");
    let demo: String = demo.chars().filter(|letter| !letter.is_whitespace()).collect();
    for call in ["stranded_server::Builder::new()", ".wrap(", ".init()"] {
        assert!(shown.contains(call), "{shown} lacks {call}");
        assert!(demo.contains(call), "the demo lacks {call}");
    }
}

#[test]
fn the_command_for_all_tests_is_that_of_the_checks() {
    let command = line(&read("README.md"), "cargo test").to_owned();
    assert_eq!(line(&read(".ci/run"), "step cargo test"), format!("step {command}"));
}

#[test]
fn the_first_screen_is_one_of_80_by_24() {
    let readme = read("README.md");
    let (_, after) = readme.split_once("<!-- screen -->\n```text\n").unwrap();
    let (screen, _) = after.split_once("\n```").unwrap();
    assert_eq!(screen.lines().count(), 24);
    for line in screen.lines() {
        assert!(line.chars().count() <= 80 && line.trim_end() == line, "{line:?}");
    }
    assert!(screen.contains("PROVEN LEAK: "), "{screen}");
    assert!(!screen.contains("time scale"), "{screen}");
}
