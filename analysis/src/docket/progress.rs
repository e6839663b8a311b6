//! Whether tasks accused by the wait graph went on, and whether somebody helped.

use crate::facts::{SiteFacts, SiteId, TaskId};
use crate::model::Model;
use crate::rules::OnGraph;

/// The accused of a case, and what their sites had counted when they were accused.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    graph: OnGraph,
    aborted: Vec<(SiteId, u64)>,
}

impl Watched {
    pub(super) fn new(graph: &OnGraph, model: &Model) -> Self {
        let mut sites: Vec<SiteId> = graph.with.iter().map(|(_, site)| *site).collect();
        sites.dedup();
        let count = |site| Some((site, aborted(model.site(site)?)));
        Self { graph: graph.clone(), aborted: sites.into_iter().filter_map(count).collect() }
    }

    /// Whether one of the accused was polled again though nobody ended a task on which that depends.
    pub(super) fn went_on_alone(&self, model: &Model) -> bool {
        let went_on = self.graph.accused.iter().any(|(id, polls)| polls_of(*id, model) > *polls);
        went_on && !self.was_helped(model)
    }

    /// Whether a task on which the others wait has ended by an abort: then these may go on.
    pub(super) fn was_helped(&self, model: &Model) -> bool {
        self.graph.with.iter().any(|(id, site)| {
            let before = self.aborted.iter().find(|(known, _)| known == site);
            let after = model.site(*site).map(aborted);
            let ended = before.zip(after).is_some_and(|((_, before), after)| after > *before);
            ended && model.waiting_task(*id).is_none()
        })
    }
}

/// The polls of a task, as far as known.
fn polls_of(id: TaskId, model: &Model) -> u64 {
    let waiting = model.waiting_task(id).map(|task| task.polls);
    waiting.max(model.task(id).map(|task| task.polls)).unwrap_or(0)
}

/// Tasks that ended, but not by themselves in the way a healthy task does.
pub(super) fn aborted(site: &SiteFacts) -> u64 {
    site.cancelled + site.panicked
}
