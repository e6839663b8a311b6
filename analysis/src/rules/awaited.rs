//! What the tasks of a crowd wait for: how many wait for which resource.

use std::collections::BTreeMap;

use crate::facts::{ResourceFacts, ResourceId};
use crate::park::{self, Crowd};
use crate::scene::Scene;
use crate::words;

/// The resources that tasks of the crowd wait for, each with how many do.
///
/// A crowd lists those that most wait for. Where each has one of its own that is a few of many, so the tasks of the
/// wait graph are counted as well.
pub(super) fn by<'a>(scene: &Scene<'a>, crowd: &Crowd) -> Vec<(&'a ResourceFacts, u64)> {
    let mut counts: BTreeMap<ResourceId, u64> = BTreeMap::new();
    if crowd.waits.is_empty() {
        return Vec::new();
    }
    for task in scene.model.waiting().filter(|task| task.site == scene.site.id) {
        let place = park::of_waiting(task, scene.crowds, scene.model);
        if !task.waits.is_empty() && place == crowd.point {
            for wait in &task.waits {
                *counts.entry(wait.resource).or_default() += 1;
            }
        }
    }
    for wait in &crowd.waits {
        let count = counts.entry(wait.resource).or_default();
        *count = wait.tasks.max(*count);
    }
    counts.into_iter().filter_map(|(id, n)| Some((scene.model.resource(id)?, n))).collect()
}

/// "57 tasks wait so for 19 such locks in all.", if they are several.
pub(super) fn in_all(affected: u64, n: usize, what: &str) -> Option<String> {
    (n > 1).then(|| {
        format!(
            "{} wait so for {} {what} in all.",
            words::counted(affected, "task"),
            words::count(n as u64)
        )
    })
}
