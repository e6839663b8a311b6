//! The wait graph: tasks that wait for resources or for each other, and what they wait for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use stranded_analysis::facts::{
    Moment, Registration, ResourceCount, ResourceFacts, ResourceId, ResourceKind, ResourceWait,
    SiteId, StackId, Timers, WaitingTask,
};

use super::cold::Cold;
use super::handles::Wrapped;
use super::resources::queues::Queues;
use super::resources::reading::{Known, Reading};
use super::rows::{moment, state};
use super::slot::Snapshot;
use super::{Registry, SlotId};

/// The most tasks of the graph that are told one by one.
const TASKS: usize = 4096;
/// The most tasks of which those to be told are chosen.
const MET: usize = 16 * TASKS;
/// The most resources that are told besides those that one of these tasks waits for.
const RESOURCES: usize = 4096;

/// Resources told of a cluster.
const CLUSTER_RESOURCES: usize = 4;

/// Why a task belongs to the graph; the first ones come first when there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// It holds a lock for which others wait, or a place before it: a few speak for many.
    Holder,
    /// It waits for a lock.
    Lock,
    /// It waits for permits, for room in a channel or at a barrier.
    Permits,
    /// Its end is awaited by the only task that could: the one that has spawned it and nothing else.
    Join,
    /// It waits for a message.
    Message,
}

/// Since when each task of the graph has been seen unchanged.
#[derive(Debug, Default)]
pub(super) struct Settling(HashMap<SlotId, (u32, Moment)>);

/// The part of the graph that one look at each task gives.
#[derive(Debug, Default)]
pub(super) struct Graph {
    members: Vec<(Reason, SlotId)>,
    /// Members that were met when there were far too many.
    omitted: u64,
    /// By the slot of a live task: its live children.
    children: Vec<Children>,
    /// Parked tasks without any waker.
    stranded: Vec<SlotId>,
}

/// The live children of a task: how many, and the slot of the last one that was met.
#[derive(Clone, Copy, Debug, Default)]
struct Children {
    count: u32,
    last: u32,
}

/// What the tasks of a cluster wait for.
#[derive(Debug, Default)]
pub(super) struct WaitTally {
    resources: Vec<ResourceCount>,
    timers: Option<Timers>,
}

impl WaitTally {
    /// Counts a task of the cluster.
    pub(super) fn add(&mut self, task: &Snapshot, reading: &Reading<'_>, wrapped: &Wrapped) {
        let numbers = reading.waits(task).map(|wait| wait.resource.number());
        for resource in numbers.chain(wrapped.waits(task).map(|wait| wait.resource)) {
            if let Some(known) = self.resources.iter_mut().find(|it| it.resource == resource) {
                known.tasks += 1;
            } else if self.resources.len() < 4 * CLUSTER_RESOURCES {
                // Of tasks that each have one of their own, a few will do.
                self.resources.push(ResourceCount { resource, tasks: 1 });
            }
        }
        let Some(due) = reading.timers(task.id).min() else { return };
        let timers = self.timers.get_or_insert(Timers { tasks: 0, soonest: due, latest: due });
        timers.tasks += 1;
        timers.soonest = timers.soonest.min(due);
        timers.latest = timers.latest.max(due);
    }

    /// The resources, most frequent first.
    pub(super) fn resources(&self) -> Vec<ResourceCount> {
        let mut resources = self.resources.clone();
        resources.sort_by_key(|known| (Reverse(known.tasks), known.resource));
        resources.truncate(CLUSTER_RESOURCES);
        resources
    }

    pub(super) fn timers(&self) -> Option<Timers> {
        self.timers
    }
}

/// The graph as facts.
#[derive(Debug, Default)]
pub(crate) struct WaitGraph {
    pub(crate) tasks: Vec<WaitingTask>,
    pub(crate) resources: Vec<ResourceFacts>,
    pub(crate) omitted: u64,
}

impl Graph {
    /// A graph of as many slots of tasks as were ever used.
    pub(super) fn new(slots: u32) -> Self {
        Self { children: vec![Children::default(); slots as usize], ..Self::default() }
    }

    /// A live task is met, maybe one of others than those that the graph is of, that a live task has spawned.
    pub(super) fn add_child(&mut self, of: SlotId, child: &Snapshot) {
        if let Some(children) = self.children.get_mut(of.index() as usize) {
            let count = children.count.saturating_add(1);
            *children = Children { count, last: child.id.index() };
        }
    }

    /// A live task is met. `stranded`: it is parked, without a live waker.
    pub(super) fn add(
        &mut self,
        seen: &Snapshot,
        reading: &Reading<'_>,
        wrapped: &Wrapped,
        stranded: bool,
    ) {
        if seen.own() {
            return;
        }
        if stranded && self.stranded.len() < TASKS {
            self.stranded.push(seen.id);
        }
        let reason = |wait: super::resources::reading::Waiting<'_>| match wait.resource.kind() {
            ResourceKind::Mutex | ResourceKind::RwLock => Some(Reason::Lock),
            ResourceKind::Sleep | ResourceKind::Interval => None,
            ResourceKind::Oneshot => Some(Reason::Message),
            _ => Some(Reason::Permits),
        };
        let message = wrapped.waits(seen).next().map(|_| Reason::Message);
        match reading.waits(seen).filter_map(reason).chain(message).min() {
            Some(_) if self.members.len() >= MET => self.omitted += 1,
            Some(reason) => self.members.push((reason, seen.id)),
            None => {}
        }
    }
}

impl Registry {
    /// The graph as facts. `settle`: how long a task must have been unchanged to be settled; `frozen`: the runtime
    /// does not go on; `whole`: all tasks were met.
    pub(super) fn wait_graph(
        &self,
        mut graph: Graph,
        reading: &Reading<'_>,
        wrapped: Wrapped,
        now: Moment,
        (settle, frozen): (Duration, bool),
        whole: bool,
    ) -> WaitGraph {
        let queues = Queues::of(reading, |task| {
            task.id().filter(|id| self.is_alive(*id)).and_then(|id| self.polls(id))
        });
        for id in queues.resources() {
            let holding = self.holders(reading, id).chain(queues.granted(id));
            let holding = holding.filter_map(|mark| mark.id()).filter(|id| self.is_alive(*id));
            graph.members.extend(holding.map(|id| (Reason::Holder, id)));
        }
        let holding = wrapped.holders().filter(|id| self.is_alive(*id));
        graph.members.extend(holding.map(|id| (Reason::Message, id)));
        self.add_joins(&mut graph);
        graph.members.sort_unstable_by_key(|(reason, id)| (*reason, id.raw()));
        let mut met = HashSet::new();
        graph.members.retain(|(_, id)| met.insert(*id));
        let omitted = graph.omitted + graph.members.len().saturating_sub(TASKS) as u64;
        graph.members.truncate(TASKS);

        let mut resources = BTreeMap::<ResourceId, Known<'_>>::new();
        let mut tasks = Vec::new();
        let mut settling = HashMap::new();
        let mut known = self.settling();
        for (_, id) in &graph.members {
            let Some((slot, cold)) = self.slab.get(*id) else { continue };
            let Some(seen) = slot.read().filter(|seen| seen.id == *id && !seen.closed()) else {
                continue;
            };
            let fingerprint = seen.fingerprint();
            let before = known.0.get(id).filter(|(print, _)| *print == fingerprint);
            let since = before.map_or(now, |(_, since)| *since);
            if seen.parked() {
                settling.insert(*id, (fingerprint, since));
            }
            let settled =
                seen.parked() && now.since(since) >= settle && !(frozen && seen.maybe_notified());
            let waits = reading.waits(&seen).inspect(|wait| {
                resources.insert(wait.resource.number(), wait.resource);
            });
            tasks.push(WaitingTask {
                waits: waits
                    .map(|wait| ResourceWait {
                        resource: wait.resource.number(),
                        wants: wait.wants,
                        since: wait.since,
                    })
                    .chain(wrapped.waits(&seen))
                    .collect(),
                only_child: self.only_child(&graph, *id).and_then(|child| self.number_of(child)),
                settled_since: settled.then_some(since),
                ..self.waiting_task(&seen, cold)
            });
        }
        if whole {
            known.0.clear();
        }
        known.0.extend(settling);
        drop(known);
        let others = queues.resources().filter_map(|id| reading.resource(id));
        for resource in others.filter(|it| it.kind() != ResourceKind::Oneshot).take(RESOURCES) {
            resources.insert(resource.number(), resource);
        }
        tasks.sort_unstable_by_key(|task| task.id);
        WaitGraph {
            tasks,
            resources: resources
                .values()
                .map(|resource| self.resource_facts(reading, &queues, resource))
                .chain(wrapped.into_resources())
                .collect(),
            omitted,
        }
    }

    /// Adds the tasks that can only wait for the end of one in the graph, or of one that nothing can wake.
    fn add_joins(&self, graph: &mut Graph) {
        let mut ends: Vec<SlotId> = graph.members.iter().map(|(_, id)| *id).collect();
        ends.extend(&graph.stranded);
        let mut met: HashSet<SlotId> = graph.members.iter().map(|(_, id)| *id).collect();
        while let Some(child) = ends.pop() {
            let spawner = self.slab.get(child).map(|(_, cold)| cold.spawner.load(Relaxed));
            let parent = spawner.and_then(SlotId::from_raw).filter(|id| self.is_alive(*id));
            let Some(parent) = parent.filter(|id| self.only_child(graph, *id) == Some(child))
            else {
                continue;
            };
            graph.members.extend([(Reason::Join, child), (Reason::Join, parent)]);
            if met.insert(parent) {
                ends.push(parent);
            }
        }
    }

    /// The only live child of a task, as of when all were met.
    fn only_child(&self, graph: &Graph, task: SlotId) -> Option<SlotId> {
        let children = graph.children.get(task.index() as usize).filter(|it| it.count == 1)?;
        let (slot, cold) = self.slab.at(children.last)?;
        // Its slot may have gone to another task since.
        let is_child = cold.spawner.load(Relaxed) == task.raw();
        SlotId::from_raw(slot.id.load(Relaxed)).filter(|id| is_child && self.is_alive(*id))
    }

    /// What can be said of any task.
    fn waiting_task(&self, seen: &Snapshot, cold: &Cold) -> WaitingTask {
        let registration = |(stack, poll): (u32, u64)| Registration { stack: StackId(stack), poll };
        WaitingTask {
            id: Self::task_id(seen.id, cold.number.load(Relaxed)),
            site: SiteId(cold.site.load(Relaxed)),
            state: state(seen),
            polls: seen.polls(),
            parked_since: if seen.running() { None } else { moment(seen.poll_ended) },
            settled_since: None,
            wakers: self.counts_wakers(seen, cold).then(|| seen.live_wakers()),
            waits: Vec::new(),
            only_child: None,
            passed_on: cold.passed_on(),
            registrations: seen.registrations().map(registration).collect(),
        }
    }

    fn number_of(&self, id: SlotId) -> Option<stranded_analysis::facts::TaskId> {
        let (_, cold) = self.slab.get(id)?;
        Some(Self::task_id(id, cold.number.load(Relaxed)))
    }
}
