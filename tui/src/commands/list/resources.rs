//! Locks, channels and timers in rows: those that somebody waits for, or that a waiting task holds.

use std::cmp::Reverse;

use serde_json::{Value, json};
use stranded_analysis::facts::{
    Holder, Place, ResourceFacts, ResourceState, ResourceTracking, TaskRef,
};
use stranded_analysis::words::{self, count, counted, duration};

use crate::app::Picture;
use crate::commands::{census, json};
use crate::output::{Align, Table};

/// The most waited for first.
pub(super) fn list(picture: &Picture, limit: usize, as_json: bool) -> String {
    let mut all: Vec<&ResourceFacts> = picture.model.resources().collect();
    all.sort_by_key(|resource| (Reverse(resource.waiting), resource.waiting_since, resource.id));
    let shown = &all[..all.len().min(limit)];
    if as_json {
        let rows: Vec<_> = shown.iter().map(|resource| object(resource, picture)).collect();
        let content = json!({ "matched": all.len(), "rows": rows });
        return json::document("stranded.list.v1", picture, "resources", &content);
    }
    let at = picture.at();
    let mut table = Table::new([
        ("RESOURCE", Align::Left),
        ("STATE", Align::Left),
        ("HELD BY", Align::Left),
        ("WAITING", Align::Right),
        ("LONGEST", Align::Right),
        ("HANDED OVER", Align::Right),
        ("CREATED AT", Align::Left),
    ]);
    for resource in shown {
        table.row([
            resource.kind.name().to_owned(),
            state(resource),
            holders(resource),
            count(resource.waiting),
            resource.waiting_since.map_or_else(|| "none".to_owned(), |w| duration(at.since(w))),
            resource.handed_over.map_or_else(unknown, |t| format!("{} ago", duration(at.since(t)))),
            resource.place.as_ref().map_or_else(unknown, place),
        ]);
    }
    let (shown, total) = (shown.len() as u64, all.len() as u64);
    let tracked = picture.model.gauges().map_or(0, |gauges| gauges.resources);
    let footer = match tracking(picture) {
        Some(missing) => format!("{missing}\n"),
        None if total == 0 => format!("Nothing is waited for; {} tracked.\n", are(tracked)),
        None => super::footer(shown, total, total, "resource"),
    };
    table.text() + &footer + &census::reasons(picture)
}

/// Why resources are not known, if they are not.
fn tracking(picture: &Picture) -> Option<String> {
    let target = picture.model.target()?;
    let why = match target.resources {
        ResourceTracking::Locks | ResourceTracking::All => return None,
        ResourceTracking::Off => "Resources are not tracked: STRANDED_RESOURCES=locks turns it on.",
        ResourceTracking::Unknown => "This target does not tell about resources.",
    };
    Some(why.to_owned())
}

fn are(tracked: u64) -> String {
    format!("{} {}", counted(tracked, "resource"), words::agree(tracked, "is", "are"))
}

fn unknown() -> String {
    "unknown".to_owned()
}

pub(in crate::commands) fn place(place: &Place) -> String {
    format!("{}:{}", words::path(&place.file), place.line)
}

fn state(resource: &ResourceFacts) -> String {
    match resource.state {
        ResourceState::Locked(true) => "locked".to_owned(),
        ResourceState::ReadWrite { writer: true, .. } => "written".to_owned(),
        ResourceState::Locked(false) | ResourceState::ReadWrite { readers: 0, .. } => {
            "free".to_owned()
        }
        ResourceState::ReadWrite { readers, .. } => counted(readers, "reader"),
        ResourceState::Permits { available, capacity: Some(capacity) } => {
            format!("{} of {} free", count(available), count(capacity))
        }
        ResourceState::Permits { available, capacity: None } => {
            format!("{} free", count(available))
        }
        ResourceState::Barrier { size, arrived } => {
            format!("{} of {} arrived", count(arrived), count(size))
        }
        ResourceState::Oneshot { sent: true, .. } => "sent".to_owned(),
        ResourceState::Oneshot { tx_dropped: true, .. } => "sender gone".to_owned(),
        ResourceState::Oneshot { rx_dropped: true, .. } => "receiver gone".to_owned(),
        ResourceState::Oneshot { .. } => "not sent".to_owned(),
        ResourceState::Timer { .. } => "armed".to_owned(),
        ResourceState::Channel { closed: true, .. } => "closed".to_owned(),
        ResourceState::Channel { senders, receivers, closed: false } => {
            format!("{}, {}", counted(senders, "sender"), counted(receivers, "receiver"))
        }
        ResourceState::Unknown => unknown(),
    }
}

pub(in crate::commands) fn holders(resource: &ResourceFacts) -> String {
    let known = resource.holders.iter().map(|holder| match holder {
        Holder { task: Some(task), movable: true, .. } => format!("{} (movable)", name(task)),
        Holder { task: Some(task), .. } => name(task),
        Holder { task: None, .. } => unknown(),
    });
    let more = (resource.unknown_holders > 0)
        .then(|| format!("{} unknown", count(resource.unknown_holders)));
    let all: Vec<_> = known.chain(more).collect();
    if all.is_empty() { "nobody".to_owned() } else { all.join(", ") }
}

fn name(task: &TaskRef) -> String {
    format!("#{}{}", task.id.0, if task.alive { "" } else { " (ended)" })
}

fn object(resource: &ResourceFacts, picture: &Picture) -> Value {
    let at = picture.at();
    json!({
        "resource": resource.id.0,
        "kind": resource.kind.name(),
        "state": state(resource),
        "place": resource.place.as_ref().map(|place| json!({
            "file": place.file,
            "line": place.line,
            "column": (place.column > 0).then_some(place.column),
        })),
        "created_s": json::seconds(at.since(resource.created)),
        "created_by": resource.created_by.as_ref().map(task),
        "holders": resource.holders.iter().map(|holder| json!({
            "task": holder.task.as_ref().map(task),
            "held_s": holder.since.map(|since| json::seconds(at.since(since))),
            "movable": holder.movable,
        })).collect::<Vec<_>>(),
        "unknown_holders": resource.unknown_holders,
        "waiting": resource.waiting,
        "waiting_s": resource.waiting_since.map(|since| json::seconds(at.since(since))),
        "handed_over_s": resource.handed_over.map(|then| json::seconds(at.since(then))),
        "last_takers": resource.last_takers.iter().map(task).collect::<Vec<_>>(),
        "waiters": picture
            .model
            .waiting()
            .filter(|waiter| waiter.waits.iter().any(|wait| wait.resource == resource.id))
            .map(|waiter| waiter.id.0)
            .collect::<Vec<_>>(),
    })
}

fn task(task: &TaskRef) -> Value {
    json!({ "task": task.id.0, "alive": task.alive })
}
