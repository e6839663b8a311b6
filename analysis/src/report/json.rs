//! The report as JSON, schema `stranded.report.v1`.
//!
//! The schema only ever gains keys. Durations end in `_s` and are seconds; what is unknown is `null`.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

use super::{Finding, ParkPoint, Report, Stage};
use crate::allow::{AcknowledgedBy, AllowanceUse};
use crate::facts::{Moment, Source, SpawnSite};
use crate::words::printable;

/// The schema's name, and the value of its first key.
pub const SCHEMA: &str = "stranded.report.v1";

/// A report as a JSON document of several lines, with a final newline.
pub fn document(report: &Report) -> String {
    // Numbers, text and lists of them always have a JSON form.
    let json = serde_json::to_string_pretty(&DocumentOut::from(report)).unwrap_or_default();
    json + "
"
}

/// One finding as it stands in a report.
#[expect(clippy::missing_panics_doc, reason = "plain data always has a JSON form")]
pub fn finding(finding: &Finding) -> serde_json::Value {
    let json = serde_json::to_value(FindingOut::from(finding));
    json.expect("numbers, text and lists of them have a JSON form")
}

#[derive(Serialize)]
struct DocumentOut<'a> {
    schema: &'static str,
    target: Option<TargetOut<'a>>,
    verdict: &'static str,
    reasons: Vec<Cow<'a, str>>,
    findings: Vec<FindingOut<'a>>,
    allowances: Vec<AllowanceOut<'a>>,
    #[serde(rename = "self")]
    own: OwnOut,
}

#[derive(Serialize)]
struct TargetOut<'a> {
    name: Cow<'a, str>,
    pid: u32,
    boot: Option<String>,
    source: &'static str,
    caps: Vec<&'static str>,
    tracked: Option<u64>,
    alive: Option<u64>,
    uptime_s: f64,
}

#[derive(Serialize)]
struct FindingOut<'a> {
    rule: &'static str,
    title: &'static str,
    class: &'static str,
    stage: &'static str,
    site: SiteOut<'a>,
    park: Option<ParkOut<'a>>,
    live: u64,
    affected: u64,
    growth_per_min: Option<f64>,
    oldest_s: f64,
    examples: Vec<ExampleOut>,
    evidence: &'a [String],
    counter_evidence: &'a [String],
    fix: &'a str,
    blocked_behind: Option<&'a str>,
    acknowledged: Option<AcknowledgedOut<'a>>,
}

#[derive(Serialize)]
struct AcknowledgedOut<'a> {
    by: &'static str,
    line: Option<usize>,
    reason: &'a str,
}

#[derive(Serialize)]
struct AllowanceOut<'a> {
    line: usize,
    subject: &'a str,
    reason: &'a str,
    standing: &'static str,
    tasks: u64,
}

#[derive(Serialize)]
struct SiteOut<'a> {
    file: Cow<'a, str>,
    line: u32,
    column: u32,
    name: Cow<'a, str>,
    kind: &'static str,
}

#[derive(Serialize)]
struct ParkOut<'a> {
    kind: String,
    file: Option<Cow<'a, str>>,
    line: Option<u32>,
    function: Option<Cow<'a, str>>,
    /// `false`: not where it waits, but where it last registered a waker.
    current: bool,
}

#[derive(Serialize)]
struct ExampleOut {
    task: u64,
    parked_s: Option<f64>,
    wakers: Option<u64>,
}

#[derive(Serialize)]
struct OwnOut {
    retracted: u64,
    untracked: Option<u64>,
}

impl<'a> From<&'a Report> for DocumentOut<'a> {
    fn from(report: &'a Report) -> Self {
        let target = report.target.as_ref().map(|target| TargetOut {
            name: printable(&target.name),
            pid: target.pid,
            boot: report.boot.map(|boot| boot.to_string()),
            source: match target.source {
                Source::Agent => "agent",
                Source::Console => "console",
                Source::Unknown => "unknown",
            },
            caps: target.caps.iter().map(crate::facts::Cap::name).collect(),
            tracked: report.tracked,
            alive: report.alive,
            uptime_s: seconds(report.at.since(Moment(0))),
        });
        Self {
            schema: SCHEMA,
            target,
            verdict: report.verdict.name(),
            reasons: report.reasons.iter().map(|reason| printable(reason)).collect(),
            findings: report.findings.iter().map(FindingOut::from).collect(),
            allowances: report.allowances.iter().map(AllowanceOut::from).collect(),
            own: OwnOut { retracted: report.retracted, untracked: report.untracked },
        }
    }
}

impl<'a> From<&'a Finding> for FindingOut<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule.0,
            title: finding.title,
            class: finding.class.name(),
            stage: match finding.stage {
                Stage::Candidate { .. } => "candidate",
                Stage::Confirmed => "confirmed",
            },
            site: SiteOut::from(&finding.site),
            park: finding.park.as_ref().map(ParkOut::from),
            live: finding.live,
            affected: finding.affected,
            growth_per_min: finding
                .growth_per_min
                .filter(|growth| growth.is_finite())
                .map(to_millis),
            oldest_s: seconds(finding.oldest),
            examples: finding
                .examples
                .iter()
                .map(|example| ExampleOut {
                    task: example.task.0,
                    parked_s: example.parked.map(seconds),
                    wakers: example.wakers,
                })
                .collect(),
            evidence: &finding.evidence,
            counter_evidence: &finding.counter_evidence,
            fix: &finding.fix,
            blocked_behind: finding.blocked_behind.as_deref(),
            acknowledged: finding.acknowledged.as_ref().map(|acknowledged| AcknowledgedOut {
                by: acknowledged.by.name(),
                line: match acknowledged.by {
                    AcknowledgedBy::Allowance(line) => Some(line),
                    AcknowledgedBy::Baseline | AcknowledgedBy::Name => None,
                },
                reason: &acknowledged.reason,
            }),
        }
    }
}

impl<'a> From<&'a AllowanceUse> for AllowanceOut<'a> {
    fn from(usage: &'a AllowanceUse) -> Self {
        Self {
            line: usage.line,
            subject: &usage.subject,
            reason: &usage.reason,
            standing: usage.standing.name(),
            tasks: usage.tasks,
        }
    }
}

impl<'a> From<&'a SpawnSite> for SiteOut<'a> {
    fn from(site: &'a SpawnSite) -> Self {
        Self {
            file: printable(&site.file),
            line: site.line,
            column: site.column,
            name: printable(&site.name),
            kind: site.kind.name(),
        }
    }
}

impl<'a> From<&'a ParkPoint> for ParkOut<'a> {
    fn from(point: &'a ParkPoint) -> Self {
        Self {
            kind: printable(&point.wait.code()).into_owned(),
            file: point.file.as_deref().map(printable),
            line: point.line,
            function: point.function.as_deref().map(printable),
            current: point.current,
        }
    }
}

fn seconds(span: Duration) -> f64 {
    to_millis(span.as_secs_f64())
}

/// Three decimals: what is finer is noise between two censuses.
fn to_millis(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
