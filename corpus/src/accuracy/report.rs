//! `stranded.report.v1`, as far as it is compared with the truth.

use serde::Deserialize;
use serde_json::Value;

use crate::harness::truth::Place;

/// One report.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Report {
    pub(super) verdict: String,
    pub(super) findings: Vec<Finding>,
    #[serde(rename = "self")]
    pub(super) own: Own,
}

/// What the viewer says of itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Own {
    pub(super) retracted: u64,
}

/// One finding.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Finding {
    pub(super) rule: String,
    pub(super) class: String,
    pub(super) stage: String,
    pub(super) site: Place,
    pub(super) park: Option<Park>,
    pub(super) affected: u64,
    pub(super) blocked_behind: Option<Value>,
}

/// Where the accused wait.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Park {
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) current: bool,
}

impl Report {
    /// The findings that accuse somebody: confirmed, and more than odd.
    pub(super) fn accusations(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.stage == "confirmed" && finding.class != "watch")
    }
}

impl Finding {
    pub(super) fn is_proven(&self) -> bool {
        self.class == "proven"
    }

    /// Whether it says itself that these tasks only wait for others.
    pub(super) fn names_victims(&self) -> bool {
        self.rule == "P3" || self.blocked_behind.as_ref().is_some_and(|value| !value.is_null())
    }

    /// The park line, if it says one. Where a task last registered a waker it need not wait.
    pub(super) fn park(&self) -> Option<Place> {
        let park = self.park.as_ref().filter(|park| park.current)?;
        Some(Place { file: park.file.clone()?, line: park.line? })
    }
}

/// Whether two places are the same line; one of the paths may be longer.
pub(super) fn same(left: &Place, right: &Place) -> bool {
    left.line == right.line
        && (left.file.ends_with(&right.file) || right.file.ends_with(&left.file))
}
