//! The rows that filters are asked about: sites and tasks.

use std::fmt::Write;

use super::{Fields, Key, Query, Value};
use crate::facts::{Moment, ParkStack, SiteFacts, SpawnSite, StackId, TaskFacts, TaskState};
use crate::history;
use crate::model::Model;
use crate::park;
use crate::report::{Finding, ParkPoint, Report, SiteVerdict};
use crate::words;

/// A site as a row. Without a report, verdicts and rules are unknown.
pub struct SiteFields<'a> {
    /// The site.
    pub site: &'a SiteFacts,
    /// The model it belongs to.
    pub model: &'a Model,
    /// The latest report on that model.
    pub report: Option<&'a Report>,
}

/// A task as a row.
pub struct TaskFields<'a> {
    /// The task.
    pub task: &'a TaskFacts,
    /// The place of its site.
    pub place: &'a SpawnSite,
    /// The facts of its site, where they are at hand.
    pub site: Option<&'a SiteFacts>,
    /// The place of its spawner's site, where it is known.
    pub spawner: Option<&'a SpawnSite>,
    /// Looks up a park stack; asked only if the filter needs it.
    pub stacks: &'a dyn Fn(StackId) -> Option<ParkStack>,
    /// The moment to which ages run.
    pub now: Moment,
    /// The latest report, where there is one.
    pub report: Option<&'a Report>,
}

impl Query {
    /// Whether it selects a site of `model`.
    pub fn matches_site(&self, site: &SiteFacts, model: &Model, report: Option<&Report>) -> bool {
        self.matches(&SiteFields { site, model, report })
    }

    /// Whether it selects a task whose row `model` knows.
    pub fn matches_task(&self, task: &TaskFacts, model: &Model, report: Option<&Report>) -> bool {
        let Some(site) = model.site(task.site) else {
            return false;
        };
        let spawner = task.spawner_site.and_then(|id| model.site(id)).map(|site| &site.site);
        let stacks = |id| model.stack(id).cloned();
        self.matches(&TaskFields {
            task,
            place: &site.site,
            site: Some(site),
            spawner,
            stacks: &stacks,
            now: model.at(),
            report,
        })
    }
}

type Test<'t> = &'t mut dyn FnMut(Value<'_>) -> bool;

impl Fields for SiteFields<'_> {
    fn any(&self, key: &Key, test: Test<'_>) -> bool {
        let site = self.site;
        let now = self.model.at();
        let clusters = || site.clusters.iter();
        match key {
            Key::Site | Key::Name | Key::Kind => of_place(&site.site, key, test),
            Key::State => [
                (TaskState::Running, site.running > 0),
                (TaskState::Scheduled, site.scheduled > 0),
                (TaskState::Parked, clusters().any(|cluster| cluster.parked > 0)),
            ]
            .into_iter()
            .any(|(state, present)| present && test(Value::Text(state.name()))),
            Key::Verdict | Key::Rule => of_report(self.report, site, At::Anywhere, key, test),
            Key::Waits | Key::Park => self
                .model
                .crowds(site.id)
                .iter()
                .filter_map(|crowd| crowd.point.as_ref())
                .any(|point| of_point(point, key, test)),
            Key::Parked => clusters()
                .map(|cluster| cluster.oldest_parked)
                .min()
                .is_some_and(|since| test(Value::Span(now.since(since)))),
            Key::Age => clusters()
                .map(|cluster| cluster.oldest_spawned)
                .min()
                .is_some_and(|since| test(Value::Span(now.since(since)))),
            Key::Live => test(Value::Number(site.live as f64)),
            Key::Grow => history::growth_per_minute(site, now)
                .is_some_and(|growth| test(Value::Number(growth))),
            Key::Polls => clusters()
                .map(|cluster| cluster.polls.1)
                .max()
                .is_some_and(|polls| test(Value::Number(polls as f64))),
            Key::Wakers => {
                clusters().any(|cluster| cluster.zero_wakers > 0) && test(Value::Number(0.0))
            }
            Key::Spawner => site
                .spawned_by
                .iter()
                .filter_map(|by| self.model.site(by.site?))
                .any(|spawner| of_place(&spawner.site, &Key::Site, test)),
            Key::Own => test(Value::Flag(site.own)),
            Key::Id | Key::Runtime | Key::Field(_) => false,
        }
    }
}

impl Fields for TaskFields<'_> {
    fn any(&self, key: &Key, test: Test<'_>) -> bool {
        let task = self.task;
        match key {
            Key::Name => test(Value::Text(task.name.as_deref().unwrap_or_default())),
            Key::Site | Key::Kind => of_place(self.place, key, test),
            Key::State => test(Value::Text(task.state.name())),
            Key::Verdict | Key::Rule => self.site.is_some_and(|site| {
                let point = self.point();
                of_report(self.report, site, At::Place(point.as_ref()), key, test)
            }),
            Key::Waits | Key::Park => self.point().is_some_and(|point| of_point(&point, key, test)),
            Key::Parked => {
                task.parked_since.is_some_and(|since| test(Value::Span(self.now.since(since))))
            }
            Key::Age => test(Value::Span(self.now.since(task.spawned))),
            Key::Live => self.site.is_some_and(|site| test(Value::Number(site.live as f64))),
            Key::Grow => self
                .site
                .and_then(|site| history::growth_per_minute(site, self.now))
                .is_some_and(|growth| test(Value::Number(growth))),
            Key::Polls => test(Value::Number(task.polls as f64)),
            Key::Wakers => {
                task.wakers.is_some_and(|wakers| test(Value::Number(wakers.live as f64)))
            }
            Key::Spawner => {
                task.spawner.is_some_and(|id| test(Value::Text(&id.0.to_string())))
                    || self.spawner.is_some_and(|place| of_place(place, &Key::Site, test))
            }
            Key::Id => test(Value::Number(task.id.0 as f64)),
            Key::Own => test(Value::Flag(task.own)),
            Key::Runtime | Key::Field(_) => false,
        }
    }
}

impl TaskFields<'_> {
    fn point(&self) -> Option<ParkPoint> {
        park::of_task(self.task, self.stacks)
    }
}

fn of_place(place: &SpawnSite, key: &Key, test: Test<'_>) -> bool {
    match key {
        Key::Name => test(Value::Text(&place.name)),
        Key::Kind => test(Value::Text(place.kind.name())),
        _ => {
            let shown = format!("{}:{}", words::path(&place.file), place.line);
            test(Value::Text(&shown))
                || test(Value::Text(&format!("{}:{}:{}", place.file, place.line, place.column)))
        }
    }
}

/// A wait is known by its code, its words and its group; a park line by file, line and function.
fn of_point(point: &ParkPoint, key: &Key, test: Test<'_>) -> bool {
    if *key == Key::Waits {
        return test(Value::Text(&point.wait.code()))
            || test(Value::Text(&point.wait.to_string()))
            || test(Value::Text(point.wait.class().name()));
    }
    let mut text = String::new();
    if let Some(file) = &point.file {
        text.push_str(&words::path(file));
    }
    if let Some(line) = point.line {
        let _ = write!(text, ":{line}");
    }
    (!text.is_empty() && test(Value::Text(&text)))
        || point.function.as_deref().is_some_and(|function| test(Value::Text(function)))
}

/// Which findings of a site count for a row.
#[derive(Clone, Copy)]
enum At<'a> {
    /// Those at any place: the row is the site.
    Anywhere,
    /// Those at the place where the task waits, if that is known.
    Place(Option<&'a ParkPoint>),
}

/// Verdict and rules of a site; for a task only the findings at its own park point count.
fn of_report(
    report: Option<&Report>,
    site: &SiteFacts,
    at: At<'_>,
    key: &Key,
    test: Test<'_>,
) -> bool {
    let Some(report) = report else { return false };
    let same = |finding: &Finding| match (at, &finding.park) {
        (At::Anywhere, _) | (_, None) => true,
        (At::Place(None), Some(_)) => false,
        (At::Place(Some(task)), Some(accused)) => {
            (&task.wait, &task.file, task.line) == (&accused.wait, &accused.file, accused.line)
        }
    };
    let mut findings =
        report.open().filter(|finding| finding.site_id == site.id && same(finding)).peekable();
    if findings.peek().is_some() {
        return findings.any(|finding| {
            test(Value::Text(if *key == Key::Rule { finding.rule.0 } else { finding.class.name() }))
        });
    }
    let verdict = match report.site(site.id) {
        Some(SiteVerdict::Fine { .. } | SiteVerdict::Accused(_) | SiteVerdict::Blocked(_)) => "ok",
        Some(SiteVerdict::Unknown { .. }) => "unknown",
        None => return false,
    };
    *key == Key::Verdict && test(Value::Text(verdict))
}
