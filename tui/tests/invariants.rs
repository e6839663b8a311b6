//! What docs/ARCHITECTURE.md says is absent from the code, is absent.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// The source files below `folder` of the workspace.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![root.join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {folder}");
    found
}

/// Asserts that only files at `allowed` (by the beginning of their path) name any of `words` in their code, and that
/// each of `allowed` does, so that the list stays true.
#[track_caller]
fn assert_only(folder: &str, words: &[&str], allowed: &[&str]) {
    let names = |text: &str| {
        let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
        code.into_iter().any(|line| words.iter().any(|word| line.contains(word)))
    };
    let naming: Vec<_> =
        sources(folder).into_iter().filter(|(_, text)| names(text)).map(|(name, _)| name).collect();
    for name in &naming {
        assert!(
            allowed.iter().any(|allowed| name.starts_with(allowed)),
            "{name} names one of {words:?}, which only {allowed:?} may"
        );
    }
    for allowed in allowed {
        assert!(
            naming.iter().any(|name| name.starts_with(allowed)),
            "{allowed} names none of {words:?}"
        );
    }
}

#[test]
fn the_terminal_library_is_named_only_where_screens_are_drawn_and_keys_are_read() {
    let allowed = [
        "tui/src/view",
        "tui/src/theme.rs",
        "tui/src/terminal.rs",
        "tui/src/run.rs",
        "tui/src/tests/",
    ];
    assert_only("tui/src", &["ratatui", "crossterm"], &allowed);
}

#[test]
fn wire_types_are_named_only_at_the_two_edges() {
    assert_only("server/src", &["v1::"], &["server/src/service"]);
    assert_only("tui/src", &["v1::"], &["tui/src/link/"]);
    assert_only("analysis/src", &["use prost", "use tonic"], &[]);
}

#[test]
fn unsafe_code_is_only_where_stacks_are_walked_and_in_the_one_downcast() {
    let words = ["unsafe {", "unsafe fn", "unsafe impl"];
    assert_only("server/src", &words, &["server/src/stack/", "server/src/subscriber.rs"]);
    for folder in ["analysis/src", "tui/src"] {
        assert_only(folder, &words, &[]);
    }
}

#[test]
fn the_engine_has_no_clock_no_files_and_no_tasks() {
    let words =
        ["Instant::now", "SystemTime", "std::fs", "std::net", "std::thread", "async fn", "tokio::"];
    assert_only("analysis/src", &words, &[]);
}
