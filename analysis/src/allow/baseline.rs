//! What was there when somebody looked: the accused tasks of each site, accepted until there are more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::facts::SpawnSite;
use crate::report::{Class, Report};
use crate::words;

/// The format's name and version, and the value of its first key.
const SCHEMA: &str = "stranded.baseline.v1";
/// The most sites of a file.
const MAX_SITES: usize = 100_000;

/// Accepted numbers of accused tasks, by site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    sites: BTreeMap<Place, Accepted>,
}

/// A spawn site as another build of the same code has it: without the column, which moves when a line is edited, and
/// without where a registry is on this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    file: String,
    line: u32,
    name: String,
    kind: String,
}

impl From<&SpawnSite> for Place {
    fn from(site: &SpawnSite) -> Self {
        Self {
            file: words::path(&site.file).into_owned(),
            line: site.line,
            name: words::printable(&site.name).into_owned(),
            kind: site.kind.name().to_owned(),
        }
    }
}

/// How many accused tasks of a site are accepted, by the class of the finding that accuses them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Accepted {
    proven: u64,
    likely: u64,
    watch: u64,
}

impl Accepted {
    fn add(&mut self, class: Class, tasks: u64) {
        let sum = match class {
            Class::Proven => &mut self.proven,
            Class::Likely => &mut self.likely,
            Class::Watch => &mut self.watch,
        };
        *sum = sum.saturating_add(tasks);
    }

    /// Those accepted as `class` or surer: who accepts a proof accepts a suspicion.
    fn up_to(self, class: Class) -> u64 {
        let likely = if class >= Class::Likely { self.likely } else { 0 };
        let watch = if class >= Class::Watch { self.watch } else { 0 };
        self.proven.saturating_add(likely).saturating_add(watch)
    }
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not JSON of this form: not a baseline at all, or cut off.
    #[error("it is no baseline, or not a whole one")]
    Malformed(#[from] serde_json::Error),
    /// It names another format.
    #[error("its schema is `{0}`, and this version reads `{SCHEMA}`")]
    Schema(String),
    /// It has more sites than any program.
    #[error("it has {0} sites; at most {MAX_SITES} are read")]
    TooMany(usize),
}

#[derive(Deserialize)]
struct Header {
    schema: String,
}

#[derive(Serialize, Deserialize)]
struct File {
    schema: String,
    sites: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    file: String,
    line: u32,
    name: String,
    kind: String,
    proven: u64,
    likely: u64,
    watch: u64,
}

impl Baseline {
    /// What stands in `report`: its confirmed findings that are not acknowledged otherwise.
    pub fn of(report: &Report) -> Self {
        let mut baseline = Self::default();
        for finding in report.confirmed() {
            let accepted = baseline.sites.entry(Place::from(&finding.site)).or_default();
            accepted.add(finding.class, finding.affected);
        }
        baseline
    }

    /// The baseline in the text of a file.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let Header { schema } = serde_json::from_str(text)?;
        if schema != SCHEMA {
            return Err(BaselineError::Schema(words::printable(&schema).into_owned()));
        }
        let file: File = serde_json::from_str(text)?;
        if file.sites.len() > MAX_SITES {
            return Err(BaselineError::TooMany(file.sites.len()));
        }
        let mut baseline = Self::default();
        for Entry { file, line, name, kind, proven, likely, watch } in file.sites {
            let accepted = baseline.sites.entry(Place { file, line, name, kind }).or_default();
            accepted.add(Class::Proven, proven);
            accepted.add(Class::Likely, likely);
            accepted.add(Class::Watch, watch);
        }
        Ok(baseline)
    }

    /// The text of its file: the same for the same findings, so that changes are seen in review.
    pub fn to_text(&self) -> String {
        let entry = |(place, accepted): (&Place, &Accepted)| Entry {
            file: place.file.clone(),
            line: place.line,
            name: place.name.clone(),
            kind: place.kind.clone(),
            proven: accepted.proven,
            likely: accepted.likely,
            watch: accepted.watch,
        };
        let file =
            File { schema: SCHEMA.to_owned(), sites: self.sites.iter().map(entry).collect() };
        // Text and numbers always have a JSON form.
        let json = serde_json::to_string_pretty(&file).unwrap_or_default();
        json + "\n"
    }

    /// How many sites it speaks of.
    pub fn len(&self) -> usize {
        self.sites.len()
    }

    /// Whether it accepts nothing.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// How many accused tasks of `site` it accepts under findings of `class` and surer.
    pub(super) fn accepts(&self, site: &SpawnSite, class: Class) -> u64 {
        self.sites.get(&Place::from(site)).map_or(0, |accepted| accepted.up_to(class))
    }
}
