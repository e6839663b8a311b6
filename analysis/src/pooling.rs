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

/// The pooling crate that `file` belongs to, if it does: a path component that is its name followed by a
/// version, as in a registry, or its name followed by `src`, as in a vendor directory.
pub fn pooling_crate(file: &str) -> Option<&'static str> {
    let mut components = file.split(['/', '\\']).peekable();
    while let Some(component) = components.next() {
        let next = components.peek().copied();
        let found = CRATES.into_iter().find(|name| match component.strip_prefix(name) {
            Some("") => next == Some("src"),
            Some(rest) => rest
                .strip_prefix('-')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())),
            None => false,
        });
        if found.is_some() {
            return found;
        }
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
}
