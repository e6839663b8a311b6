//! What is known of the target at one moment: the facts, the verdicts, and what the updates told by the way.

use std::collections::BTreeMap;
use std::time::Duration;

use stranded_analysis::facts::{EndedTask, Moment, TaskFacts, TaskId, Update};
use stranded_analysis::model::Applied;
use stranded_analysis::{Model, Policy, Report, judge};

/// The facts and verdicts behind every screen. A frozen screen keeps one beside the one that goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Picture {
    pub model: Model,
    /// The verdicts on the latest complete census.
    pub report: Option<Report>,
    /// Tasks that ended while a screen was open on them, as they last were.
    pub departed: BTreeMap<TaskId, Departed>,
    /// Share of one core that the agent's own threads use.
    pub agent_cpu: Option<f64>,
    /// The reading that the next one of the agent's CPU time is compared with.
    cpu_mark: Option<(Moment, Duration)>,
}

/// A task that ended while it was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Departed {
    /// Its last facts; `None` if it ended before any arrived.
    pub facts: Option<TaskFacts>,
    pub end: EndedTask,
}

impl Picture {
    /// Takes in one update, and judges if it completes a census. Of the tasks in `watched` the last facts are kept
    /// when they end.
    pub(crate) fn apply(&mut self, update: Update, watched: &[TaskId], policy: &Policy) -> Applied {
        let complete = update.complete;
        let departing: Vec<Departed> = update
            .ended
            .iter()
            .filter(|end| watched.contains(&end.id))
            .map(|end| Departed { facts: self.model.task(end.id).cloned(), end: *end })
            .collect();
        let applied = self.model.apply(update);
        match applied {
            Applied::Stale => return applied,
            Applied::NewBoot => {
                *self = Self { model: std::mem::take(&mut self.model), ..Self::default() }
            }
            Applied::Gap { .. } | Applied::Continued => {}
        }
        for departed in departing {
            self.departed.entry(departed.end.id).or_insert(departed);
        }
        if complete {
            self.measure_agent();
            self.model.review(self.model.at(), policy);
            self.report = Some(judge(&self.model, self.model.at(), policy));
        }
        applied
    }

    /// The moment that every age on the screen is counted to.
    pub(crate) fn at(&self) -> Moment {
        self.model.at()
    }

    /// A task's facts, also after it ended.
    pub(crate) fn task(&self, id: TaskId) -> Option<&TaskFacts> {
        self.departed.get(&id).and_then(|gone| gone.facts.as_ref()).or_else(|| self.model.task(id))
    }

    fn measure_agent(&mut self) {
        let Some(used) = self.model.gauges().and_then(|gauges| gauges.agent_cpu) else { return };
        let at = self.model.at();
        let (from, before) = self.cpu_mark.unwrap_or_default();
        let span = at.since(from);
        if span >= Duration::from_secs(1) {
            self.agent_cpu = Some(used.saturating_sub(before).as_secs_f64() / span.as_secs_f64());
            self.cpu_mark = Some((at, used));
        }
    }
}
