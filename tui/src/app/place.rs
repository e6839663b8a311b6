//! Places in code and what tasks wait for there, in words.

use std::borrow::Cow;

use stranded_analysis::facts::{Frame, Wait};
use stranded_analysis::park::Crowd;
use stranded_analysis::report::ParkPoint;
use stranded_analysis::words;

pub(crate) use stranded_analysis::words::site;

/// The end of a path that tells files apart: `cache.rs`, `pool/mod.rs`.
fn short_file(path: &str) -> &str {
    let generic = |name: &str| matches!(name, "mod.rs" | "lib.rs" | "main.rs");
    let mut slashes = path.rmatch_indices('/').map(|(at, _)| at + 1);
    let Some(name) = slashes.next() else { return path };
    if generic(&path[name..]) { &path[slashes.next().unwrap_or(0)..] } else { &path[name..] }
}

/// `src/cache.rs:95 in fetch`, or what is known of it.
pub(crate) fn park_point(park: &ParkPoint) -> String {
    let line = park_line(park);
    match &park.function {
        Some(function) => format!("{line} in {}", words::printable(function)),
        None => line,
    }
}

/// `src/cache.rs:95`.
pub(crate) fn park_line(park: &ParkPoint) -> String {
    match (&park.file, park.line) {
        (Some(path), Some(line)) => format!("{}:{line}", words::path(path)),
        (Some(path), None) => words::path(path).into_owned(),
        (None, _) => "an unknown line".to_owned(),
    }
}

/// `src/cache.rs:95`, as a frame says.
pub(crate) fn frame(frame: &Frame) -> Option<String> {
    let path = words::path(frame.file.as_deref()?);
    Some(frame.line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}")))
}

/// What tasks wait for, for a cell. The line comes first, as the last to be cut off: `:95 oneshot recv` if it is in
/// the file `near`, else `cache.rs:95 oneshot recv`; `last` before it if they may have gone on to wait elsewhere.
pub(crate) fn wait(park: &ParkPoint, near: &str) -> String {
    let last = if park.current { "" } else { "last " };
    let wait = wait_name(&park.wait);
    let text = match (park.file.as_deref(), park.line) {
        (Some(path), Some(line)) if path == near => format!("{last}:{line} {wait}"),
        (Some(path), Some(line)) => format!("{last}{}:{line} {wait}", short_file(path)),
        _ => format!("{last}{wait}"),
    };
    words::printable(&text).into_owned()
}

/// The words for a wait; of a future that is no known primitive, the last part of its path.
fn wait_name(wait: &Wait) -> Cow<'_, str> {
    match wait {
        Wait::Other(path) => Cow::Borrowed(path.rsplit("::").next().unwrap_or(path)),
        named => Cow::Owned(named.to_string()),
    }
}

/// What a group of parked tasks waits for, as seen from the file they were spawned in.
pub(crate) fn crowd(crowd: &Crowd, near: &str) -> String {
    match &crowd.point {
        Some(point) => wait(point, near),
        None if crowd.unresolved => "symbols pending".to_owned(),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_that_many_files_share_keeps_its_folder() {
        assert_eq!(short_file("src/pool/mod.rs"), "pool/mod.rs");
        assert_eq!(short_file("src/pool.rs"), "pool.rs");
        assert_eq!(short_file("main.rs"), "main.rs");
    }
}
