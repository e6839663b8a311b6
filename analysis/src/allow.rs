//! What a team knows and accepts: a finding that an allowance, the baseline or a task's name speaks for is
//! acknowledged. It stays in the report, and no longer counts.
//!
//! - [`Allowances`]: the entries of a `leaks.toml`, each with its place, budget, reason and expiry;
//! - [`Baseline`]: what was there when somebody looked, by site and number of tasks;
//! - the name prefix [`DAEMON`]: the code itself says that a task lives for ever.
//!
//! Reading files and looking at the calendar are left to the caller: both arrive as values.

mod apply;
mod baseline;
mod date;
mod file;
mod glob;

pub(crate) use apply::apply;
pub use baseline::{Baseline, BaselineError};
pub use date::Date;
pub use file::AllowError;
pub use glob::Glob;

use crate::report::Finding;
use crate::words;

/// Tasks whose name starts so are meant to live as long as the process. Only a proof accuses them.
pub const DAEMON: &str = "daemon:";

/// The allowances of a team, and the day on which they are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowances {
    entries: Vec<Allowance>,
    today: Option<Date>,
}

impl Allowances {
    /// The allowances in the text of a `leaks.toml`, as they stand on the day `today`.
    pub fn parse(text: &str, today: Date) -> Result<Self, AllowError> {
        Ok(Self { entries: file::parse(text)?, today: Some(today) })
    }

    /// The entries, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Allowance> {
        self.entries.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether `entry` has lapsed: the day it names is its last.
    fn has_expired(&self, entry: &Allowance) -> bool {
        self.today.zip(entry.expires).is_some_and(|(today, expires)| today > expires)
    }
}

/// One entry of a `leaks.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Allowance {
    /// The line of the file at which it starts.
    pub line: usize,
    site: Option<Glob>,
    name: Option<Glob>,
    park: Option<Glob>,
    rules: Vec<Glob>,
    /// The most accused tasks of one site that it speaks for; beyond, the finding stands.
    pub max_live: Option<u64>,
    /// Why the team accepts it.
    pub reason: String,
    /// Its last day.
    pub expires: Option<Date>,
}

impl Allowance {
    /// Whether it speaks of `finding`, budget and expiry aside.
    fn matches(&self, finding: &Finding, subject: &Subject) -> bool {
        let one_of = |glob: &Option<Glob>, texts: &[String]| match glob {
            Some(glob) => texts.iter().any(|text| glob.matches(text)),
            None => true,
        };
        one_of(&self.site, &subject.site)
            && one_of(&self.name, std::slice::from_ref(&finding.site.name))
            && one_of(&self.park, &subject.park)
            && (self.rules.is_empty() || self.rules.iter().any(|rule| rule.matches(finding.rule.0)))
    }

    /// What it speaks of, in its own words: "site `src/hub.rs:*`, rule `L1`".
    pub fn subject(&self) -> String {
        let patterns = [("site", &self.site), ("name", &self.name), ("park", &self.park)];
        let patterns =
            patterns.into_iter().filter_map(|(key, glob)| glob.as_ref().map(|glob| (key, glob)));
        let rules = self.rules.iter().map(|rule| ("rule", rule));
        let parts: Vec<String> = patterns
            .chain(rules)
            .map(|(key, glob)| format!("{key} `{}`", words::printable(glob.as_str())))
            .collect();
        parts.join(", ")
    }
}

/// How patterns may name what a finding is about.
struct Subject {
    /// File, line and column of the spawn site, or less.
    site: Vec<String>,
    /// File and line of the park point, or less; what is waited for; the function.
    park: Vec<String>,
}

impl Subject {
    fn of(finding: &Finding) -> Self {
        let mut site = Vec::new();
        let (line, column) = (finding.site.line, finding.site.column);
        for file in spellings(&finding.site.file) {
            site.extend([format!("{file}:{line}"), format!("{file}:{line}:{column}"), file]);
        }
        let mut park = Vec::new();
        if let Some(point) = &finding.park {
            park.push(point.wait.code().into_owned());
            park.extend(point.function.clone());
            for file in point.file.iter().flat_map(|file| spellings(file)) {
                park.extend(point.line.map(|line| format!("{file}:{line}")));
                park.push(file);
            }
        }
        Self { site, park }
    }
}

/// A path as the target tells it, and as reports show it.
fn spellings(file: &str) -> Vec<String> {
    let shown = words::path(file).into_owned();
    if shown == file { vec![shown] } else { vec![file.to_owned(), shown] }
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// What speaks for it.
    pub by: AcknowledgedBy,
    /// Why, as a sentence.
    pub reason: String,
}

/// What can speak for a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcknowledgedBy {
    /// The entry of the `leaks.toml` at that line.
    Allowance(usize),
    /// The baseline.
    Baseline,
    /// The name of its tasks.
    Name,
}

impl AcknowledgedBy {
    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowance(_) => "allowance",
            Self::Baseline => "baseline",
            Self::Name => "name",
        }
    }
}

/// What has become of an allowance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowanceUse {
    /// The line of the file at which it starts.
    pub line: usize,
    /// What it speaks of: "site `src/hub.rs:*`, rule `L1`".
    pub subject: String,
    /// Why the team accepts it.
    pub reason: String,
    /// Accused tasks that it speaks of.
    pub tasks: u64,
    /// How it was used.
    pub standing: AllowanceStanding,
}

/// How an allowance was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowanceStanding {
    /// It speaks for findings.
    Used,
    /// At some site there are more accused tasks than it allows, so the findings there stand.
    Exceeded {
        /// The most it allows.
        max_live: u64,
    },
    /// No finding matches.
    Unused,
    /// Its last day has passed, so it speaks for nothing.
    Expired {
        /// Its last day.
        on: Date,
    },
}

impl AllowanceStanding {
    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Exceeded { .. } => "exceeded",
            Self::Unused => "unused",
            Self::Expired { .. } => "expired",
        }
    }
}

impl AllowanceUse {
    /// What a person should know of it, and do, if anything: "line 3 (site `src/hub.rs:*`) matched nothing: ...".
    pub fn text(&self) -> String {
        let entry = format!("line {} ({})", self.line, self.subject);
        let tasks = words::counted(self.tasks, "accused task");
        match self.standing {
            AllowanceStanding::Used => format!("{entry} speaks for {tasks}"),
            AllowanceStanding::Exceeded { max_live } => {
                format!(
                    "{entry} allows {} at a site and matches {tasks}: look, or raise `max_live`",
                    words::count(max_live)
                )
            }
            AllowanceStanding::Unused => {
                format!("{entry} matched nothing: remove it if that stays so")
            }
            AllowanceStanding::Expired { on } => {
                format!("{entry} expired on {on}: remove it, or give it a new date")
            }
        }
    }
}

#[cfg(test)]
mod tests;
