//! The shipped list of known crates.

use std::sync::LazyLock;

use semver::{Prerelease, Version, VersionReq};
use serde::Deserialize;

/// A crate whose tasks outlive the request that made them, on purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownCrate {
    /// The name of its package.
    pub name: String,
    /// The versions that somebody has looked at.
    pub versions: VersionReq,
    /// How the paths of such spawn sites begin, inside the crate.
    pub paths: Vec<String>,
    /// What its tasks are there for.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: Format,
    #[serde(rename = "crate")]
    crates: Vec<KnownCrate>,
}

/// The version of the list's form: 1.
#[derive(Deserialize)]
#[serde(try_from = "u32")]
struct Format;

impl TryFrom<u32> for Format {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        if version == 1 { Ok(Self) } else { Err(format!("format {version} is not known")) }
    }
}

/// The list, by name.
static KNOWN: LazyLock<Vec<KnownCrate>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../data/known_healthy.toml"))
        .expect("the tests read the shipped list");
    let mut crates = file.crates;
    crates.sort_by(|a, b| a.name.cmp(&b.name));
    crates
});

/// Every known crate, by name.
pub fn all() -> &'static [KnownCrate] {
    &KNOWN
}

/// The known crate `name`.
pub(super) fn named(name: &str) -> Option<&'static KnownCrate> {
    let at = KNOWN.binary_search_by(|known| known.name.as_str().cmp(name)).ok()?;
    KNOWN.get(at)
}

impl KnownCrate {
    /// Whether the entry speaks of the spawn sites at `path` of `version`; a vendored crate does not tell its version.
    pub(super) fn covers(&self, version: Option<Version>, path: &str) -> bool {
        // What holds for a release holds for those before it.
        let release = version.map(|version| Version { pre: Prerelease::EMPTY, ..version });
        release.is_none_or(|version| self.versions.matches(&version))
            && self.paths.iter().any(|beginning| path.starts_with(beginning))
    }
}
