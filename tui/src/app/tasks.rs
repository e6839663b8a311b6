//! The rows of the table of tasks, and what can be said of one task.

use std::time::Duration;

use stranded_analysis::facts::{Moment, SiteId, TaskFacts, TaskId, TaskState, Wake, WakeSource};
use stranded_analysis::park;
use stranded_analysis::report::{Class, Finding, ParkPoint};
use stranded_analysis::words;

use super::sites::Standing;
use super::{Picture, place};

/// One row, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TaskRow {
    pub id: TaskId,
    pub standing: Standing,
    /// `parked 5m12s`.
    pub state: String,
    pub name: String,
    pub age: Duration,
    pub polls: u64,
    /// Live wakers; `None` is unknown.
    pub wakers: Option<u64>,
    pub busy: Duration,
    pub waits: String,
    pub woken: String,
    pub site: String,
    pub bytes: Option<u64>,
}

/// The rows of the window that the target sent, in its order.
pub(crate) fn rows(picture: &Picture, site: Option<SiteId>) -> Vec<TaskRow> {
    picture
        .model
        .window()
        .rows
        .iter()
        .filter_map(|id| picture.model.task(*id))
        // The window of the screen before may still be there.
        .filter(|task| site.is_none_or(|site| task.site == site))
        .map(|task| row(task, picture))
        .collect()
}

fn row(task: &TaskFacts, picture: &Picture) -> TaskRow {
    let at = picture.at();
    let site = picture.model.site(task.site).map(|facts| &facts.site);
    TaskRow {
        id: task.id,
        standing: finding(task, picture)
            .map_or(Standing::Fine, |(rank, finding)| Standing::of_finding(finding, rank)),
        state: state(task, at),
        name: words::printable(task.name.as_deref().unwrap_or_default()).into_owned(),
        age: at.since(task.spawned),
        polls: task.polls,
        wakers: task.wakers.map(|wakers| wakers.live),
        busy: task.busy,
        waits: waits(task, picture),
        woken: task.last_wake.map_or_else(|| "never".to_owned(), |wake| woken(wake, at)),
        site: site.map_or_else(|| "unknown".to_owned(), place::site),
        bytes: task.future_bytes,
    }
}

/// State and for how long, in one phrase.
pub(crate) fn state(task: &TaskFacts, at: Moment) -> String {
    let since = match task.state {
        TaskState::Running => task.last_poll,
        TaskState::Parked => task.parked_since,
        TaskState::Scheduled => Some(task.last_wake.map_or(task.spawned, |wake| wake.at)),
        TaskState::Unknown => None,
    };
    match since {
        Some(since) => format!("{} {}", task.state.name(), words::duration(at.since(since))),
        None => task.state.name().to_owned(),
    }
}

/// What a task waits for, in words for a cell.
fn waits(task: &TaskFacts, picture: &Picture) -> String {
    if task.state != TaskState::Parked {
        return "none".to_owned();
    }
    let near = picture.model.site(task.site).map_or("", |site| site.site.file.as_str());
    match park_point(task, picture) {
        Some(point) => place::wait(&point, near),
        None if task.registrations.is_empty() => "unknown".to_owned(),
        None => "symbols pending".to_owned(),
    }
}

/// Where a task waits, or last registered a waker.
fn park_point(task: &TaskFacts, picture: &Picture) -> Option<ParkPoint> {
    let latest = task.registrations.first()?.poll;
    let stacks = task
        .registrations
        .iter()
        .filter(|registration| registration.poll == latest)
        .filter_map(|registration| picture.model.stack(registration.stack));
    park::point(stacks, latest == task.polls)
}

/// Who woke a task last, and how long ago: `41m07s by timer/io`.
pub(crate) fn woken(wake: Wake, at: Moment) -> String {
    let by = match wake.by {
        WakeSource::Task(id, _) => format!("task {}", id.0),
        WakeSource::Driver => "timer/io".to_owned(),
        WakeSource::Thread => "a thread".to_owned(),
        WakeSource::Unknown => "unknown".to_owned(),
    };
    format!("{} by {by}", words::duration(at.since(wake.at)))
}

/// The worst finding that speaks of a task: one on its site that names it, or on the point where it waits.
///
/// A finding is about a site and a park point, so one that waits there may still be too young to be among the
/// accused; the detail screen says how many of how many are.
pub(crate) fn finding<'a>(task: &TaskFacts, picture: &'a Picture) -> Option<(usize, &'a Finding)> {
    let report = picture.report.as_ref()?;
    report.findings.iter().enumerate().find(|(_, finding)| {
        finding.site_id == task.site
            && (finding.examples.iter().any(|example| example.task == task.id)
                || (task.state == TaskState::Parked
                    && match finding.class {
                        Class::Proven => task.stranded_since.is_some(),
                        Class::Likely | Class::Watch => waits_at(task, finding, picture),
                    }))
    })
}

/// Whether a task waits where a finding says.
fn waits_at(task: &TaskFacts, finding: &Finding, picture: &Picture) -> bool {
    let Some(accused) = &finding.park else { return true };
    park_point(task, picture).is_some_and(|point| {
        point.wait == accused.wait && point.file == accused.file && point.line == accused.line
    })
}
