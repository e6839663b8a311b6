//! Tasks that a wrapped token has told to stop.

use stranded_analysis::facts::{CancelSeen, Cancelled, Moment, Place, TaskRef};
use stranded_analysis::histogram::LogHistogram;

/// A task was told to stop by a token in which it waits, or has waited.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(super) at: Moment,
    pub(super) by: Option<TaskRef>,
    pub(super) token: Place,
    /// Whether it waited in the token at that time.
    pub(super) woken: bool,
}

/// Those of a cluster.
#[derive(Debug, Default)]
pub(crate) struct ToldTally {
    tasks: u64,
    ago: LogHistogram,
    /// The one told first.
    first: Option<Told>,
}

impl ToldTally {
    /// Counts a task of the cluster.
    pub(crate) fn add(&mut self, told: Option<&Told>, now: Moment) {
        let Some(told) = told else { return };
        self.tasks += 1;
        self.ago.record(now.since(told.at));
        if self.first.as_ref().is_none_or(|first| told.at < first.at) {
            self.first = Some(told.clone());
        }
    }

    pub(crate) fn into_facts(self) -> Option<Cancelled> {
        let first = self.first?;
        Some(Cancelled {
            tasks: self.tasks,
            ago: self.ago,
            seen: if first.woken { CancelSeen::Woken } else { CancelSeen::Sibling },
            by: first.by,
            token: Some(first.token),
        })
    }
}
