//! The unit of the wire, of a recording and of a test scenario.

use super::{
    Activity, BootId, Ending, Gauges, Moment, ParkStack, ResourceFacts, ResourceId, SiteFacts,
    TargetInfo, TaskFacts, TaskId, WaitingTask,
};

/// What changed in a target between two censuses; a large one arrives in several parts.
///
/// The first update of a boot carries everything. Applying one twice changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The run of the target that this is about.
    pub boot: BootId,
    /// Counts the updates to one viewer from 1; a hole in the sequence is a gap.
    pub seq: u64,
    /// When the census was taken.
    pub at: Moment,
    /// Whether this is the last part of its census: only then is the model whole.
    pub complete: bool,
    /// Who the target is, if new or changed.
    pub target: Option<TargetInfo>,
    /// Gauges.
    pub gauges: Option<Gauges>,
    /// Changed spawn sites, each whole.
    pub sites: Vec<SiteFacts>,
    /// Changed task rows of the viewer's window and focus, each whole.
    pub tasks: Vec<TaskFacts>,
    /// Tasks of the window or focus that ended.
    pub ended: Vec<EndedTask>,
    /// The viewer's window of rows, if it changed.
    pub window: Option<Window>,
    /// Stacks newly referred to, or newly resolved.
    pub stacks: Vec<ParkStack>,
    /// Changed resources, each whole.
    pub resources: Vec<ResourceFacts>,
    /// Resources that are gone, or that nobody waits for any more.
    pub resources_gone: Vec<ResourceId>,
    /// Changed tasks of the wait graph, each whole.
    pub waiting: Vec<WaitingTask>,
    /// Tasks that left the wait graph.
    pub waiting_gone: Vec<TaskId>,
    /// What is going on besides waiting, if it changed.
    pub activity: Option<Activity>,
}

impl Update {
    /// An update that carries nothing yet.
    pub fn empty(boot: BootId, seq: u64, at: Moment) -> Self {
        Self {
            boot,
            seq,
            at,
            complete: true,
            target: None,
            gauges: None,
            sites: Vec::new(),
            tasks: Vec::new(),
            ended: Vec::new(),
            window: None,
            stacks: Vec::new(),
            resources: Vec::new(),
            resources_gone: Vec::new(),
            waiting: Vec::new(),
            waiting_gone: Vec::new(),
            activity: None,
        }
    }
}

/// A task that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedTask {
    /// Which.
    pub id: TaskId,
    /// How it ended.
    pub ending: Ending,
    /// By when it had ended.
    pub at: Moment,
}

/// Which rows the viewer's view selects, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The rows, first to last; at most the view's limit.
    pub rows: Vec<TaskId>,
    /// How many tasks the view's query selects in all.
    pub matched: u64,
    /// Why the view's query was refused, if it was; the rows then ignore it.
    pub query_error: Option<String>,
}
