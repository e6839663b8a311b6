//! Crates that spawn tasks of their own to serve a pool, a connection or an upgraded one.
//!
//! Such tasks are made inside somebody's request and outlive it on purpose, so L3 leaves them alone, and
//! on a socket they start out as keep-alive connections (H6).

/// The crates, by the name of their package.
const CRATES: [&str; 14] = [
    "aws-smithy-http-client",
    "aws-smithy-runtime",
    "axum",
    "h2",
    "hyper",
    "hyper-util",
    "quinn",
    "rdkafka",
    "redis",
    "reqwest",
    "sqlx-core",
    "tokio-postgres",
    "tonic",
    "tower",
];

/// The pooling crate that `file` belongs to, if it does.
pub fn pooling_crate(file: &str) -> Option<&'static str> {
    CRATES.into_iter().find(|name| within(file, name).is_some())
}

/// Whether Tokio itself spawned blocking work at `file`, for threads that are there to stay: its workers,
/// and the reader of standard input.
pub(crate) fn is_tokios_own(file: &str) -> bool {
    within(file, "tokio").is_some_and(|path| {
        ["src/runtime/", "src/io/"].iter().any(|folder| path.replace('\\', "/").starts_with(folder))
    })
}

/// The path of `file` inside of the crate `name`, if it belongs to it: what follows a path component that is the
/// name and a version, as in a registry, or that is the name and is followed by `src`, as in a vendor directory.
fn within<'a>(file: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = file;
    while let Some((component, after)) = rest.split_once(['/', '\\']) {
        let found = match component.strip_prefix(name) {
            Some("") => after.starts_with("src/") || after.starts_with("src\\"),
            Some(version) => version
                .strip_prefix('-')
                .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit())),
            None => false,
        };
        if found {
            return Some(after);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "/home/me/.cargo/registry/src/index.crates.io-6f17d22bba15001f/hyper-util-0.1.21/src/rt/tokio.rs",
        Some("hyper-util")
    )]
    #[case("vendor/h2/src/client.rs", Some("h2"))]
    #[case("C:\\cargo\\registry\\src\\x\\redis-0.27.0\\src\\aio.rs", Some("redis"))]
    #[case("src/redis/pool.rs", None)]
    #[case("redis-proxy/src/main.rs", None)]
    #[case("src/h2.rs", None)]
    #[case("", None)]
    fn paths(#[case] file: &str, #[case] found: Option<&str>) {
        assert_eq!(pooling_crate(file), found);
    }

    #[rstest]
    #[case("/r/index/tokio-1.54.1/src/runtime/scheduler/multi_thread/worker.rs", true)]
    #[case("/r/index/tokio-1.54.1/src/io/blocking.rs", true)]
    #[case("/r/index/tokio-1.54.1/src/fs/mod.rs", false)]
    #[case("/r/index/tokio-util-0.7.20/src/io/x.rs", false)]
    #[case("src/io/tokio.rs", false)]
    fn threads_of_tokio(#[case] file: &str, #[case] own: bool) {
        assert_eq!(is_tokios_own(file), own);
    }
}
