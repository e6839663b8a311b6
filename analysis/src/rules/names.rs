//! Tasks and places that a sentence names besides the accused.

use crate::facts::{Moment, Place, TaskRef};
use crate::model::Model;
use crate::park;
use crate::words;

/// "task #9 of src/flush.rs:12", or without its site where that is not known.
pub(super) fn task(model: &Model, task: TaskRef) -> String {
    let site = task.site.and_then(|id| model.site(id));
    let of = site.map_or_else(String::new, |site| format!(" of {}", words::site(&site.site)));
    format!("task #{}{of}", task.id.0)
}

/// What became of a task: "which has ended", "which has been parked for 6m02s in sleep at src/flush.rs:50".
pub(super) fn whereabouts(model: &Model, task: TaskRef, now: Moment) -> String {
    if !task.alive {
        return "which has ended".to_owned();
    }
    let Some(row) = model.task(task.id) else {
        return "which is alive".to_owned();
    };
    let parked = row.parked_since.map(|since| words::duration(now.since(since)));
    let point = park::of_task(row, |id| model.stack(id).cloned());
    match (parked, point.filter(|point| point.current)) {
        (Some(parked), Some(point)) => {
            format!("which has been parked for {parked} in {}", words::place(&point))
        }
        (Some(parked), None) => format!("which has been parked for {parked}"),
        (None, _) => "which is not parked".to_owned(),
    }
}

/// `src/server.rs:40`.
pub(super) fn place(place: &Place) -> String {
    format!("{}:{}", words::path(&place.file), place.line)
}
