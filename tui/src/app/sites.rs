//! The rows of the table of sites.

use std::cmp::{Ordering, Reverse};
use std::time::Duration;

use stranded_analysis::Report;
use stranded_analysis::facts::{SiteFacts, SiteId};
use stranded_analysis::query::Query;
use stranded_analysis::report::{Class, Finding, SiteVerdict, Stage};

use super::{Picture, history, place};

/// Cells of a site's sparkline.
const TREND_CELLS: u32 = 5;
/// What a site's sparkline spans, once the target is that old.
pub(crate) const TREND_SPAN: Duration = Duration::from_secs(3600);

/// One row, as it is shown and sorted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SiteRow {
    pub id: SiteId,
    pub standing: Standing,
    pub place: String,
    pub live: u64,
    pub growth: Option<i64>,
    /// Spawned and ended per second.
    pub rates: Option<(f64, f64)>,
    /// Age of the oldest parked task.
    pub oldest: Option<Duration>,
    /// The longest that one of its tasks has been parked.
    pub parked: Option<Duration>,
    /// How long the tasks that returned had lived, but for one in a hundred.
    pub p99: Option<Duration>,
    pub running: u64,
    pub trend: Vec<u64>,
    pub waits: String,
}

/// How a site or task stands before the judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Accused by a finding; the rank is its place in the report, worst first.
    Accused { class: Class, confirms_in: Option<Duration>, rank: usize },
    /// Not judgeable yet.
    Unknown,
    /// Accused only by what the team accepts.
    Accepted,
    /// Judged, and fine.
    Fine,
}

impl Standing {
    pub(crate) fn of_finding(finding: &Finding, rank: usize) -> Self {
        if finding.acknowledged.is_some() {
            return Self::Accepted;
        }
        let confirms_in = match finding.stage {
            Stage::Candidate { confirms_in } => Some(confirms_in),
            Stage::Confirmed => None,
        };
        Self::Accused { class: finding.class, confirms_in, rank }
    }

    /// Worst first.
    fn order(self) -> (u8, usize) {
        match self {
            Self::Accused { rank, .. } => (0, rank),
            Self::Unknown => (1, 0),
            Self::Accepted => (2, 0),
            Self::Fine => (3, 0),
        }
    }
}

/// A column of the table of sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SiteColumn {
    Verdict,
    Site,
    Live,
    Growth,
    Spawned,
    Ended,
    Oldest,
    Parked,
    P99,
    Waits,
}

impl SiteColumn {
    pub(crate) const ALL: [Self; 10] = [
        Self::Verdict,
        Self::Site,
        Self::Live,
        Self::Growth,
        Self::Spawned,
        Self::Ended,
        Self::Oldest,
        Self::Parked,
        Self::P99,
        Self::Waits,
    ];

    /// The order by it, in the words of the line above the table.
    pub(crate) fn order_words(self, descending: bool) -> &'static str {
        match (self, descending) {
            (Self::Verdict, true) => "worst first",
            (Self::Verdict, false) => "worst last",
            (Self::Site, true) => "by site, z to a",
            (Self::Site, false) => "by site, a to z",
            (Self::Live, true) => "most live first",
            (Self::Live, false) => "fewest live first",
            (Self::Growth, true) => "fastest growing first",
            (Self::Growth, false) => "slowest growing first",
            (Self::Spawned, true) => "most spawned per second first",
            (Self::Spawned, false) => "fewest spawned per second first",
            (Self::Ended, true) => "most ended per second first",
            (Self::Ended, false) => "fewest ended per second first",
            (Self::Oldest, true) => "oldest first",
            (Self::Oldest, false) => "youngest first",
            (Self::Parked, true) => "longest parked first",
            (Self::Parked, false) => "shortest parked first",
            (Self::P99, true) => "longest normal life first",
            (Self::P99, false) => "shortest normal life first",
            (Self::Waits, true) => "by wait, z to a",
            (Self::Waits, false) => "by wait, a to z",
        }
    }
}

/// The rows that `query` selects, in order.
pub(crate) fn rows(
    picture: &Picture,
    query: Option<&Query>,
    column: SiteColumn,
    descending: bool,
) -> Vec<SiteRow> {
    let mut rows: Vec<SiteRow> = picture
        .model
        .sites()
        .filter(|site| !site.own && query.is_none_or(|query| selects(query, site, picture)))
        .map(|site| row(site, picture))
        .collect();
    rows.sort_by(|a, b| {
        let order = compare(a, b, column);
        let order = if descending { order.reverse() } else { order };
        order
            .then(a.standing.order().cmp(&b.standing.order()))
            .then(b.live.cmp(&a.live))
            .then(a.id.cmp(&b.id))
    });
    rows
}

fn selects(query: &Query, site: &SiteFacts, picture: &Picture) -> bool {
    query.matches_site(site, &picture.model, picture.report.as_ref())
}

/// Ascending order by a column. What is unknown is less than anything known.
fn compare(a: &SiteRow, b: &SiteRow, column: SiteColumn) -> Ordering {
    let rate = |row: &SiteRow, pick: fn((f64, f64)) -> f64| row.rates.map_or(-1.0, pick);
    match column {
        SiteColumn::Verdict => Reverse(a.standing.order()).cmp(&Reverse(b.standing.order())),
        SiteColumn::Site => a.place.cmp(&b.place),
        SiteColumn::Live => a.live.cmp(&b.live),
        SiteColumn::Growth => a.growth.cmp(&b.growth),
        SiteColumn::Spawned => rate(a, |rates| rates.0).total_cmp(&rate(b, |rates| rates.0)),
        SiteColumn::Ended => rate(a, |rates| rates.1).total_cmp(&rate(b, |rates| rates.1)),
        SiteColumn::Oldest => a.oldest.cmp(&b.oldest),
        SiteColumn::Parked => a.parked.cmp(&b.parked),
        SiteColumn::P99 => a.p99.cmp(&b.p99),
        SiteColumn::Waits => a.waits.cmp(&b.waits),
    }
}

fn row(site: &SiteFacts, picture: &Picture) -> SiteRow {
    let at = picture.at();
    let oldest = site.clusters.iter().map(|cluster| cluster.oldest_spawned).min();
    let parked = site.clusters.iter().map(|cluster| cluster.oldest_parked).min();
    SiteRow {
        id: site.id,
        standing: standing(site.id, picture),
        place: place::site(&site.site),
        live: site.live,
        growth: history::growth(site, at),
        rates: history::rates(site, at),
        oldest: oldest.map(|spawned| at.since(spawned)),
        parked: parked.map(|since| at.since(since)),
        p99: site.lifetimes.quantile(0.99),
        running: site.running + site.scheduled,
        trend: history::trend(site, at, TREND_SPAN.min(at.since(site.first_spawn)), TREND_CELLS),
        waits: waits(site, picture),
    }
}

/// What the largest group of its parked tasks waits for.
fn waits(site: &SiteFacts, picture: &Picture) -> String {
    match picture.model.crowds(site.id).first() {
        Some(crowd) => place::crowd(crowd, &site.site.file),
        None if site.live == 0 => "none".to_owned(),
        None => "unknown".to_owned(),
    }
}

/// Whether there is a finding about the site; one that counts would make it accused.
fn is_accepted(id: SiteId, report: &Report) -> bool {
    report.findings.iter().any(|finding| finding.site_id == id)
}

fn standing(id: SiteId, picture: &Picture) -> Standing {
    let Some(report) = &picture.report else { return Standing::Unknown };
    match report.site(id) {
        Some(SiteVerdict::Accused(rank) | SiteVerdict::Blocked(rank)) => report
            .findings
            .get(*rank)
            .map_or(Standing::Unknown, |finding| Standing::of_finding(finding, *rank)),
        Some(SiteVerdict::Fine { .. }) if is_accepted(id, report) => Standing::Accepted,
        Some(SiteVerdict::Fine { .. }) => Standing::Fine,
        Some(SiteVerdict::Unknown { .. }) | None => Standing::Unknown,
    }
}
