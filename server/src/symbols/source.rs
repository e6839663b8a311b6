//! Whose code a source file is, told by its path.

use std::borrow::Cow;

/// Whose code a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The standard library, the C library, and what the compiler adds.
    Std,
    /// A dependency.
    Library,
    /// The agent itself.
    Agent,
    /// The application, its workspace included.
    User,
}

/// A source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Whose it is.
    pub(super) origin: Origin,
    /// The path to show: absolute for the user's code, from the crate's folder on for other code.
    pub(super) file: String,
    /// The module that the file is, `tokio::sync::mpsc::chan`; `None` for the user's code, whose crate
    /// name no path tells.
    pub(super) module: Option<String>,
}

/// Folders that hold one folder for each dependency, and how many more lie between.
const DEPENDENCIES: [(&str, usize); 4] = [
    // ~/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tokio-1.54.1
    ("/registry/src/", 1),
    // ~/.cargo/git/checkouts/tokio-377c595163f99a10/1a2b3c4
    ("/git/checkouts/", 0),
    ("/vendor/", 0),
    ("/third_party/", 0),
];

/// Crates of the standard library, as folders below `library/`.
const STD: [&str; 7] =
    ["alloc", "core", "panic_abort", "panic_unwind", "proc_macro", "std", "test"];

impl Source {
    /// Reads a path as debug information spells it.
    pub(super) fn of(path: &str) -> Self {
        let path = lexical(path);
        if let Some(below) = below(&path, "/library/").filter(|below| {
            path.starts_with("/rustc/")
                || path.contains("/rustlib/src/")
                || STD.contains(&first(below))
        }) {
            let module = below.split_once("/src/").map(|(name, rest)| module(name, rest));
            return Self { origin: Origin::Std, file: format!("library/{below}"), module };
        }
        if path.starts_with("/rustc/") || !is_rust(&path) {
            return Self { origin: Origin::Std, file: path.into_owned(), module: None };
        }
        for (folder, between) in DEPENDENCIES {
            let Some(below) = below(&path, folder) else { continue };
            let inside = below.splitn(between + 2, '/').nth(between).map(|name| {
                let at = below.find(name).unwrap_or(0);
                &below[at..]
            });
            let Some(inside) = inside else { continue };
            let module = inside
                .rsplit_once("/src/")
                .map(|(package, rest)| module(without_version(last(package)), rest));
            return Self { origin: Origin::Library, file: inside.to_owned(), module };
        }
        if let Some(rest) = path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src/")) {
            let module = Some(module(env!("CARGO_PKG_NAME"), rest));
            return Self { origin: Origin::Agent, file: path.into_owned(), module };
        }
        Self { origin: Origin::User, file: path.into_owned(), module: None }
    }
}

/// Crates that are no user code even where no file says so: what Tokio services are made of.
#[rustfmt::skip]
const LIBRARIES: &[&str] = &[
    "async_stream", "async_trait", "axum", "axum_core", "axum_server", "backon", "bb8", "bytes",
    "console_subscriber", "crossbeam_channel", "crossbeam_utils", "deadpool", "diesel_async",
    "flume", "futures", "futures_channel", "futures_core", "futures_executor", "futures_io",
    "futures_lite", "futures_sink", "futures_task", "futures_timer", "futures_util", "h2", "h3",
    "http", "http_body", "http_body_util", "hyper", "hyper_rustls", "hyper_tls", "hyper_util",
    "lapin", "log", "mio", "moka", "mongodb", "native_tls", "once_cell", "opentelemetry",
    "opentelemetry_sdk", "parking_lot", "parking_lot_core", "pin_project", "pin_project_lite",
    "prost", "quinn", "quinn_proto", "rayon", "rdkafka", "redis", "reqwest", "rustls",
    "sea_orm", "serde", "signal_hook_registry", "socket2", "sqlx", "sqlx_core", "tokio",
    "tokio_native_tls", "tokio_postgres", "tokio_rustls", "tokio_stream", "tokio_tungstenite",
    "tokio_util", "tonic", "tower", "tower_http", "tower_layer", "tower_service", "tracing",
    "tracing_core", "tracing_futures", "tracing_subscriber", "tungstenite", "warp", "want",
];

/// Whose code a function is of which only the path is known.
pub(super) fn origin_of_function(path: &str, qualified: bool) -> Origin {
    let krate = path.split("::").next().unwrap_or(path);
    if !qualified || STD.contains(&krate) || krate == "compiler_builtins" {
        // Functions without a path come from C or from the compiler.
        Origin::Std
    } else if krate == env!("CARGO_CRATE_NAME") {
        Origin::Agent
    } else if LIBRARIES.contains(&krate) {
        Origin::Library
    } else {
        Origin::User
    }
}

/// The path with its `.` and `..` resolved by text alone.
pub(super) fn lexical(path: &str) -> Cow<'_, str> {
    if !path.split('/').any(|part| part == "." || part == "..") {
        return Cow::Borrowed(path);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Cow::Owned(parts.join("/"))
}

fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.rfind(folder).map(|at| &path[at + folder.len()..])
}

fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_rust(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension == "rs")
}

/// `tokio-1.54.1` is `tokio`.
fn without_version(package: &str) -> &str {
    match package
        .match_indices('-')
        .find(|(at, _)| package[at + 1..].starts_with(|character: char| character.is_ascii_digit()))
    {
        Some((at, _)) => &package[..at],
        None => package,
    }
}

/// The module that `rest`, a path below `src/`, is in `package`.
fn module(package: &str, rest: &str) -> String {
    let mut module = package.replace('-', "_");
    let rest = rest.strip_suffix(".rs").unwrap_or(rest);
    let rest = rest.strip_suffix("/mod").unwrap_or(rest);
    if rest != "lib" && rest != "main" {
        for part in rest.split('/') {
            module.push_str("::");
            module.push_str(part);
        }
    }
    module
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_whose_code_it_is() {
        use Origin::{Agent, Library, Std, User};
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/src/symbols/source.rs");
        for (path, origin, file, module) in [
            (
                "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tokio-1.54.1/src/sync/mpsc/chan.rs",
                Library,
                "tokio-1.54.1/src/sync/mpsc/chan.rs",
                Some("tokio::sync::mpsc::chan"),
            ),
            (
                "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/futures-util-0.3.34/src/lib.rs",
                Library,
                "futures-util-0.3.34/src/lib.rs",
                Some("futures_util"),
            ),
            (
                "/home/u/.cargo/git/checkouts/tokio-377c595163f99a10/1a2b3c4/tokio-util/src/sync/mod.rs",
                Library,
                "tokio-377c595163f99a10/1a2b3c4/tokio-util/src/sync/mod.rs",
                Some("tokio_util::sync"),
            ),
            ("/src/app/vendor/h2/src/client.rs", Library, "h2/src/client.rs", Some("h2::client")),
            (
                "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/task/wake.rs",
                Std,
                "library/core/src/task/wake.rs",
                Some("core::task::wake"),
            ),
            (
                "/root/.rustup/toolchains/x/lib/rustlib/src/rust/library/std/src/thread/local.rs",
                Std,
                "library/std/src/thread/local.rs",
                Some("std::thread::local"),
            ),
            ("./nptl/pthread_create.c", Std, "nptl/pthread_create.c", None),
            ("/home/u/app/library/src/pool.rs", User, "/home/u/app/library/src/pool.rs", None),
            ("/home/u/app/src/../tests/a.rs", User, "/home/u/app/tests/a.rs", None),
            (own, Agent, own, Some(concat!(env!("CARGO_CRATE_NAME"), "::symbols::source"))),
        ] {
            let source = Source::of(path);
            assert_eq!(
                (source.origin, source.file.as_str(), source.module.as_deref()),
                (origin, file, module),
                "{path}"
            );
        }
    }

    #[test]
    fn without_a_file_the_crate_tells() {
        assert_eq!(origin_of_function("core::option::Option::map", true), Origin::Std);
        assert_eq!(origin_of_function("__rust_try", false), Origin::Std);
        assert_eq!(origin_of_function("h2::client::Connection::poll", true), Origin::Library);
        assert_eq!(origin_of_function("payments::pool::claim", true), Origin::User);
    }

    #[test]
    fn weird_paths_have_a_result() {
        for path in [
            "",
            "/",
            "..",
            "/../..",
            "/registry/src/",
            "/vendor/",
            "/library/",
            "\\a\\b.rs",
            "é/ü.rs",
        ] {
            let _ = Source::of(path);
        }
    }
}
