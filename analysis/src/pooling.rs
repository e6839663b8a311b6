//! Crates that spawn tasks of their own to serve a pool, a connection or an upgraded one.
//!
//! Such tasks are made inside somebody's request and outlive it on purpose, so L3 leaves them alone, and
//! on a socket they start out as keep-alive connections (H6).

mod known;

pub use known::{KnownCrate, all};
use semver::Version;

/// The pooling crate that spawns at `file`, if one is known to.
pub fn pooling_crate(file: &str) -> Option<&'static str> {
    owners(file).find_map(|owner| {
        let known = known::named(owner.name)?;
        known.covers(owner.version, &owner.path.replace('\\', "/")).then_some(known.name.as_str())
    })
}

/// Whether Tokio itself spawned blocking work at `file`, for threads that are there to stay: its workers,
/// and the reader of standard input.
pub(crate) fn is_tokios_own(file: &str) -> bool {
    owners(file).filter(|owner| owner.name == "tokio").any(|owner| {
        let path = owner.path.replace('\\', "/");
        ["src/runtime/", "src/io/"].iter().any(|folder| path.starts_with(folder))
    })
}

/// A crate that a file may belong to.
struct Owner<'a> {
    name: &'a str,
    version: Option<Version>,
    /// The file's path inside the crate.
    path: &'a str,
}

/// The crates that `file` may belong to, outermost first: each path component that is a name and a version, as in a
/// registry, or that is followed by `src`, as in a vendor directory.
fn owners(file: &str) -> impl Iterator<Item = Owner<'_>> {
    file.match_indices(['/', '\\']).filter_map(|(end, _)| {
        let (before, path) = (&file[..end], &file[end + 1..]);
        let component = before.rsplit(['/', '\\']).next().unwrap_or(before);
        if let Some((name, version)) = versioned(component) {
            return Some(Owner { name, version: Some(version), path });
        }
        let vendored = path.starts_with("src/") || path.starts_with("src\\");
        vendored.then_some(Owner { name: component, version: None, path })
    })
}

/// `hyper-util-0.1.21` as the name and the version.
fn versioned(component: &str) -> Option<(&str, Version)> {
    let mut dashes = component.match_indices('-');
    dashes.find_map(|(at, _)| {
        let version = &component[at + 1..];
        // Most components have no version, and a quick look tells.
        let number = version.starts_with(|c: char| c.is_ascii_digit());
        let version = number.then(|| Version::parse(version).ok()).flatten()?;
        Some((&component[..at], version))
    })
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
    #[case("/r/aws-smithy-http-client-1.1.0/src/client.rs", Some("aws-smithy-http-client"))]
    #[case("/r/aws-smithy-runtime-1.9.2/src/client/http.rs", Some("aws-smithy-runtime"))]
    #[case("/r/axum-0.8.9/src/serve/mod.rs", Some("axum"))]
    #[case("/r/axum-0.7.5/src/serve.rs", Some("axum"))]
    #[case("/r/axum-0.8.9/src/extract/ws.rs", Some("axum"))]
    #[case("/r/axum-0.8.9/src/routing/mod.rs", None)]
    #[case("/r/axum-0.9.0/src/serve/mod.rs", None)]
    #[case("/r/axum-0.8.0-rc.1/src/serve/mod.rs", Some("axum"))]
    #[case("/r/bb8-0.9.0/src/inner.rs", Some("bb8"))]
    #[case("/r/bb8-postgres-0.9.0/src/lib.rs", Some("bb8-postgres"))]
    #[case("/r/deadpool-postgres-0.14.1/src/lib.rs", Some("deadpool-postgres"))]
    #[case("/r/h2-0.4.20/src/client.rs", Some("h2"))]
    #[case("/r/hyper-0.14.32/src/common/exec.rs", Some("hyper"))]
    #[case("/r/hyper-util-0.2.0/src/rt/tokio.rs", None)]
    #[case("/r/hyper-util-more-0.1.0/src/rt/tokio.rs", None)]
    #[case("/r/quinn-0.11.9/src/runtime/tokio.rs", Some("quinn"))]
    #[case("/r/rdkafka-0.38.0/src/util.rs", Some("rdkafka"))]
    #[case("/r/redis-0.32.7/src/aio/tokio.rs", Some("redis"))]
    #[case("/r/reqwest-0.12.24/src/async_impl/h3_client/pool.rs", Some("reqwest"))]
    #[case("/r/sqlx-core-0.8.6/src/pool/inner.rs", Some("sqlx-core"))]
    #[case("/r/tokio-postgres-0.7.15/src/connection.rs", Some("tokio-postgres"))]
    #[case("/r/tonic-0.14.9/src/transport/server/mod.rs", Some("tonic"))]
    #[case("/r/tonic-0.14.9/src/client/grpc.rs", None)]
    #[case("/r/tower-0.5.3/src/buffer/service.rs", Some("tower"))]
    #[case("/r/tower-0.5.3/src/retry/mod.rs", None)]
    #[case("/git/checkouts/h2-0123456789abcdef/deadbee/src/client.rs", None)]
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

    /// Every entry speaks for its own versions and paths, and for no others.
    #[test]
    fn every_entry_of_the_list_holds_for_what_it_says() {
        let names: Vec<&str> = all().iter().map(|known| known.name.as_str()).collect();
        let mut once = names.clone();
        once.dedup();
        assert_eq!(names, once, "each crate once");
        for known in all() {
            let name = known.name.as_str();
            let (from, below) = bounds(known);
            for path in &known.paths {
                assert!(path.starts_with("src/"), "{name}: {path}");
                let at = |version: &str| {
                    pooling_crate(&format!("/registry/{name}-{version}/{path}x.rs"))
                };
                assert_eq!(at(&from), Some(name));
                assert_eq!(at(&below), None);
                assert_eq!(at("0.0.1"), None, "{name}");
            }
            assert_eq!(pooling_crate(&format!("/registry/{name}-{from}/tests/it.rs")), None);
            assert!(!known.reason.is_empty(), "{name}");
        }
    }

    /// The first version that an entry holds for, and the first beyond: every entry has both.
    fn bounds(known: &KnownCrate) -> (String, String) {
        let version = |of: semver::Op| {
            let bound = known.versions.comparators.iter().find(|bound| bound.op == of);
            let bound = bound.unwrap_or_else(|| panic!("{}: {of:?}", known.name));
            format!("{}.{}.{}", bound.major, bound.minor.unwrap_or(0), bound.patch.unwrap_or(0))
        };
        (version(semver::Op::GreaterEq), version(semver::Op::Less))
    }
}
