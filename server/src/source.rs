//! What the gRPC edge asks of the registry: one narrow, synchronous interface.

#[cfg(test)]
pub(crate) mod scripted;

use stranded_analysis::facts::{
    Activity, Gauges, Moment, ParkStack, ResourceFacts, SiteFacts, StackId, TargetInfo, TaskFacts,
    TaskId, View, WaitingTask, Window,
};

/// One look at every spawn site.
#[derive(Clone, Debug)]
pub(crate) struct Census {
    /// When it was taken.
    pub at: Moment,
    /// Gauges at that time.
    pub gauges: Gauges,
    /// Every site with its clusters, by ascending id; the agent's own included and marked.
    pub sites: Vec<SiteFacts>,
    /// The resources of the wait graph, by ascending id.
    pub resources: Vec<ResourceFacts>,
    /// The tasks of the wait graph, by ascending id.
    pub waiting: Vec<WaitingTask>,
    /// What is going on besides waiting.
    pub activity: Activity,
}

impl Census {
    /// A census that found nothing.
    pub(crate) fn empty(at: Moment) -> Self {
        Self {
            at,
            gauges: Gauges::default(),
            sites: Vec::new(),
            resources: Vec::new(),
            waiting: Vec::new(),
            activity: Activity::default(),
        }
    }
}

/// The rows of a view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// When they were read: never before the census.
    pub at: Moment,
    /// Their order.
    pub window: Window,
    /// The rows of the window and of the focused tasks that are alive.
    pub tasks: Vec<TaskFacts>,
    /// Focused tasks that are not alive.
    pub gone: Vec<TaskId>,
}

/// The facts of this process.
pub(crate) trait Source: Send + Sync + 'static {
    /// Who this process is.
    fn target(&self) -> TargetInfo;
    /// The latest census, at most one second old while a viewer is attached.
    fn census(&self) -> std::sync::Arc<Census>;
    /// The rows that `view` selects, read now.
    fn rows(&self, view: &View) -> Rows;
    /// A park stack, resolved if its symbols are; asking for it queues the resolution.
    fn stack(&self, id: StackId) -> Option<ParkStack>;
    /// A viewer came (`+1`) or went (`-1`).
    fn viewers(&self, change: i32);
}
