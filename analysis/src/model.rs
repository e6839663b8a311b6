//! The facts of one target, kept up to date by applying updates.

use std::collections::{BTreeMap, HashMap};

use crate::facts::{
    Gauges, Moment, ParkStack, SiteFacts, SiteId, StackId, TargetInfo, TaskFacts, TaskId, Update, Window,
};

/// What applying an update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The model went on.
    Continued,
    /// The update belongs to another run of the target: everything older was dropped.
    NewBoot,
    /// Updates between the last one and this one were lost.
    Gap {
        /// How many.
        missing: u64,
    },
    /// An update that was applied before, or is older than the model: ignored.
    Stale,
}

/// All facts of one target.
#[derive(Clone, Debug, Default)]
pub struct Model {
    target: Option<TargetInfo>,
    gauges: Option<Gauges>,
    at: Moment,
    sites: BTreeMap<SiteId, SiteFacts>,
    tasks: BTreeMap<TaskId, TaskFacts>,
    window: Window,
    stacks: HashMap<StackId, ParkStack>,
}

impl Model {
    /// Applies `update`.
    pub fn apply(&mut self, update: Update) -> Applied {
        let _ = update;
        todo!()
    }

    /// The target, once heard of.
    pub fn target(&self) -> Option<&TargetInfo> {
        self.target.as_ref()
    }

    /// The latest gauges.
    pub fn gauges(&self) -> Option<&Gauges> {
        self.gauges.as_ref()
    }

    /// The moment of the latest census.
    pub fn at(&self) -> Moment {
        self.at
    }

    /// All spawn sites, by ascending id.
    pub fn sites(&self) -> impl Iterator<Item = &SiteFacts> {
        self.sites.values()
    }

    /// One spawn site.
    pub fn site(&self, id: SiteId) -> Option<&SiteFacts> {
        self.sites.get(&id)
    }

    /// One task, if its row is known here.
    pub fn task(&self, id: TaskId) -> Option<&TaskFacts> {
        self.tasks.get(&id)
    }

    /// The viewer's window of rows.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// One park stack.
    pub fn stack(&self, id: StackId) -> Option<&ParkStack> {
        self.stacks.get(&id)
    }
}
