//! What `judge` says: the same data behind the screen, the text, the JSON and a failing test.

pub mod json;
pub mod text;

use std::time::Duration;

use crate::allow::{Acknowledgement, AllowanceUse};
use crate::facts::{BootId, Moment, SiteId, SpawnSite, TargetInfo, TaskId, Wait};

/// A rule's id: `P1`, `L2`, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub &'static str);

/// How sure a finding is; the surest orders first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The tasks cannot run again unless somebody aborts them.
    Proven,
    /// They grow, or break an expectation of their site.
    Likely,
    /// Odd, but not accused.
    Watch,
}

impl Class {
    /// The word for it in JSON, filters and `--fail-on`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Likely => "likely",
            Self::Watch => "watch",
        }
    }
}

/// Where a finding is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its condition holds, but not yet for as long as the policy asks.
    Candidate {
        /// How much longer it has to hold.
        confirms_in: Duration,
    },
    /// Its condition has held long enough: it is shown, and counts for the exit code.
    Confirmed,
}

/// Where the accused tasks wait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParkPoint {
    /// What they wait for.
    pub wait: Wait,
    /// File of the first frame of user code; `None` if the stack has none.
    pub file: Option<String>,
    /// Line of it.
    pub line: Option<u32>,
    /// Function of it, shortened to its last segments.
    pub function: Option<String>,
    /// Whether the stack belongs to the latest poll. If not, it is where they *last registered* a waker.
    pub current: bool,
}

/// One accused task, as an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Which.
    pub task: TaskId,
    /// How long it has been parked; `None` if its row is not known here.
    pub parked: Option<Duration>,
    /// Its live wakers; `None` if unknown.
    pub wakers: Option<u64>,
}

/// One rule's verdict on one site and park point.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// The rule's short name: "survivors".
    pub title: &'static str,
    /// How sure.
    pub class: Class,
    /// Where in its life.
    pub stage: Stage,
    /// Since when the condition is known to hold.
    pub since: Moment,
    /// The site.
    pub site_id: SiteId,
    /// The site's place.
    pub site: SpawnSite,
    /// Where the tasks wait; `None` if unknown.
    pub park: Option<ParkPoint>,
    /// Live tasks of the site.
    pub live: u64,
    /// Accused tasks.
    pub affected: u64,
    /// Growth of the site's live tasks per minute; `None` while there is too little history.
    pub growth_per_min: Option<f64>,
    /// The longest that an accused task has been parked.
    pub oldest: Duration,
    /// Some of the accused tasks.
    pub examples: Vec<Example>,
    /// Sentences: the numbers compared, where they wait.
    pub evidence: Vec<String>,
    /// Sentences that speak for the tasks.
    pub counter_evidence: Vec<String>,
    /// What to change.
    pub fix: String,
    /// What would clear the finding.
    pub clears: String,
    /// The cause, if these tasks are victims of other tasks: "#41 (P2)".
    pub blocked_behind: Option<String>,
    /// Why it does not count, if it does not.
    pub acknowledged: Option<Acknowledgement>,
}

/// The verdict on a whole target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The surest class among the confirmed findings.
    Found(Class),
    /// Everything was judged on complete data, and nothing was found.
    Clean,
    /// Too little is known to say so.
    Inconclusive,
}

impl Verdict {
    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Found(class) => class.name(),
            Self::Clean => "clean",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The verdict on one site, for the table of sites.
#[derive(Clone, Debug, PartialEq)]
pub enum SiteVerdict {
    /// The surest finding of the site, as an index into [`Report::findings`].
    Accused(usize),
    /// Not accused itself: its tasks wait for stranded tasks of others, as the finding at this index says.
    Blocked(usize),
    /// Judged, and fine.
    Fine {
        /// Which health fact speaks for it, if one was needed: "H5: an entrance".
        because: Option<String>,
    },
    /// No norm and too little history to judge it: the seconds still needed, if that is all it needs.
    Unknown {
        /// Why, in words.
        because: String,
        /// How much longer until it can be judged.
        judged_in: Option<Duration>,
    },
}

/// All that can be said of a target at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The moment judged.
    pub at: Moment,
    /// The run of the target; `None` before anything was heard from it.
    pub boot: Option<BootId>,
    /// The target; `None` before anything was heard from it.
    pub target: Option<TargetInfo>,
    /// Live tracked tasks.
    pub tracked: Option<u64>,
    /// Live tasks by the runtime's own count.
    pub alive: Option<u64>,
    /// The verdict over all confirmed findings.
    pub verdict: Verdict,
    /// Whether everything was judged on complete data: if not, nothing may be called clean, whatever
    /// the class of the findings.
    pub complete: bool,
    /// Why inconclusive, or what limits a clean verdict, in words.
    pub reasons: Vec<String>,
    /// Findings, worst first: those that are not acknowledged, confirmed before candidates, then class, growth, age.
    pub findings: Vec<Finding>,
    /// What has become of each allowance of the policy.
    pub allowances: Vec<AllowanceUse>,
    /// Each judged site's verdict, by ascending site.
    pub sites: Vec<(SiteId, SiteVerdict)>,
    /// Rules that are off, and why: "L3: this source does not tell request scopes".
    pub inactive: Vec<String>,
    /// Findings that later data showed wrong.
    pub retracted: u64,
    /// Live tasks that are not tracked, for want of memory.
    pub untracked: Option<u64>,
}

/// What a report means for an exit code, a test or a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Judged on complete data, and nothing found at or above the class asked for.
    Clean,
    /// At least one confirmed finding at or above that class.
    Findings,
    /// Neither can be said.
    Inconclusive,
}

impl Report {
    /// What this report means where findings of `least` and surer count. Findings beat missing data,
    /// and missing data is never clean.
    pub fn outcome(&self, least: Class) -> Outcome {
        if self.confirmed().any(|finding| finding.class <= least) {
            Outcome::Findings
        } else if self.complete && self.verdict != Verdict::Inconclusive {
            Outcome::Clean
        } else {
            Outcome::Inconclusive
        }
    }

    /// This report as text of 80 columns.
    pub fn to_text(&self) -> String {
        text::document(self)
    }

    /// This report as a JSON document, schema `stranded.report.v1`.
    pub fn to_json(&self) -> String {
        json::document(self)
    }

    /// The findings that are not acknowledged, worst first.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.acknowledged.is_none())
    }

    /// The open findings that are confirmed, worst first: those that count.
    pub fn confirmed(&self) -> impl Iterator<Item = &Finding> {
        self.open().filter(|finding| finding.stage == Stage::Confirmed)
    }

    /// The verdict on a site.
    pub fn site(&self, id: SiteId) -> Option<&SiteVerdict> {
        let at = self.sites.binary_search_by_key(&id, |pair| pair.0).ok()?;
        Some(&self.sites[at].1)
    }
}
