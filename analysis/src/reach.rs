//! Wake reachability: which waiting tasks nothing can ever wake, and why.
//!
//! A parked task runs again only through one of its wakers. Each waker sits somewhere: in a lock's queue, in a
//! channel, in a timer, or in something unseen. The engine takes every task for *live* of which it does not know for
//! sure that it is not, and then spreads life backwards along the wait graph: whoever waits for something that a live
//! task can give is live as well. What remains is *stranded*.
//!
//! Live from the start is a task that runs, was woken or has not settled; whose waker count is unreliable; that has a
//! waker outside of the operations on record; that waits for time, permits, a barrier or an unwrapped channel; or that
//! waits for a lock whose holders are not all on record as tasks of the wait graph. What is missing, omitted, unknown
//! or contradictory is live: there is no proof from missing data.
//!
//! **Soundness.** Take the first wake, after the census, of a task that is not live. Each of its wakers can be fired
//! only by a task that is not live either; that one must have been polled before, so it was woken earlier:
//! contradiction. Hence none of them ever runs again, unless
//!
//! 1. somebody aborts one of them, or shuts the runtime down;
//! 2. a guard was moved to another task without a trace, which takes a `&'static` lock and a channel: of a lock created
//!    outside any task, or of a task that has spawned one since it got the lock, nothing is proven;
//! 3. a future that has begun, with a guard or a place in a queue, was moved to another task: as that polls it, it
//!    drops the waker of the first, and of a task to which that has happened nothing is proven either;
//! 4. a task dump polls them.
//!
//! Facts that usually hold and prove nothing are [`Stranded::proven`] `false`: the locks of points 2 and 3, a cell
//! that is being filled, the child behind a join handle, the holder of a channel's handle.

mod cause;
mod graph;
mod holders;
pub(crate) mod presumed;
mod spread;

use std::collections::BTreeMap;

use crate::facts::{Cap, ResourceId, SiteId, TaskId};
use crate::model::Model;
use crate::policy::Policy;

/// The stranded tasks of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    stranded: BTreeMap<TaskId, Stranded>,
    by_site: BTreeMap<SiteId, Vec<TaskId>>,
    knots: Vec<Knot>,
    /// By the task that stands for a cause: how many tasks wait behind it.
    victims: BTreeMap<TaskId, u64>,
}

/// A task that nothing can wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stranded {
    /// Whether that is proven, and not only likely.
    pub proven: bool,
    /// Why.
    pub cause: Cause,
}

/// Why a task is stranded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No waker of it is left.
    NoWaker,
    /// It belongs to a knot of tasks that wait for each other: an index for [`Reach::knot`].
    Knot(usize),
    /// It waits, directly or not, for tasks that are stranded by themselves.
    Behind {
        /// The task that stands for the cause.
        root: TaskId,
        /// What it waits for itself.
        through: Through,
    },
}

/// What a task waits for, where that is another task's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Through {
    /// A lock or channel.
    Resource(ResourceId),
    /// The end of its only child.
    Join,
}

/// What ties the tasks of a knot; the least certain tie names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// It holds the lock.
    Holds,
    /// It waits in the lock's queue, before others.
    Queued,
    /// The lock was handed to an operation that it does not poll.
    Granted,
    /// Its end is awaited.
    Joined,
    /// It has the other end of the channel.
    HasHandle,
}

/// Tasks that wait for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knot {
    /// All of them, by id. The first stands for the knot.
    pub tasks: Vec<TaskId>,
    /// A shortest way from the first task back to itself.
    pub way: Vec<Step>,
    /// The least certain tie among them.
    pub tie: Tie,
}

/// A part of a knot: `task` waits for `through`, which the task of the next step (in the end: of the first) can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who waits.
    pub task: TaskId,
    /// For what.
    pub through: Through,
    /// Why that depends on the next task.
    pub tie: Tie,
}

impl Reach {
    /// Finds the stranded tasks. Nothing is stranded while an update is missing, or only a part of a census has come:
    /// then the facts are not of one moment.
    pub fn of(model: &Model, policy: &Policy) -> Self {
        if !can_tell(model) {
            return Self::default();
        }
        let graph = graph::build(model, policy);
        let live = spread::live(&graph, graph.nodes.iter().map(|node| node.live));
        let unproven = spread::live(&graph, graph.nodes.iter().map(|node| node.live || node.doubt));
        cause::find(&graph, &live, &unproven, model)
    }

    /// The stranded tasks, by ascending id.
    pub fn stranded(&self) -> impl Iterator<Item = (TaskId, Stranded)> + '_ {
        self.stranded.iter().map(|(id, stranded)| (*id, *stranded))
    }

    /// Why a task is stranded, if it is.
    pub fn get(&self, id: TaskId) -> Option<Stranded> {
        self.stranded.get(&id).copied()
    }

    /// The stranded tasks of a site, by ascending id.
    pub fn of_site(&self, site: SiteId) -> impl Iterator<Item = (TaskId, Stranded)> + '_ {
        let ids = self.by_site.get(&site).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| Some((*id, self.get(*id)?)))
    }

    /// A knot.
    pub fn knot(&self, index: usize) -> Option<&Knot> {
        self.knots.get(index)
    }

    /// How many tasks wait behind the cause for which `root` stands.
    pub fn behind(&self, root: TaskId) -> u64 {
        self.victims.get(&root).copied().unwrap_or(0)
    }

    /// The rule that says why a task is stranded.
    pub fn rule(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::NoWaker => "P1",
            Cause::Behind { .. } => "P3",
            Cause::Knot(index) => match self.knots.get(index).map(|knot| knot.tie) {
                Some(Tie::Holds | Tie::Queued) | None => "P2",
                Some(Tie::Granted) => "P4",
                Some(Tie::Joined) => "P5",
                Some(Tie::HasHandle) => "P6",
            },
        }
    }
}

/// Whether the wait graph is told, whole and of one moment.
fn can_tell(model: &Model) -> bool {
    let tells = |cap| model.target().is_some_and(|target| target.caps.has(cap));
    let told = tells(Cap::Wakers) && (tells(Cap::Resources) || tells(Cap::Handles));
    told && model.lost() == 0 && model.census() == Some(model.at())
}
