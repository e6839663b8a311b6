//! The wait graph as nodes and edges.
//!
//! A node is a task, or one way of waiting for a resource; an edge leads from what waits to what could end the wait.
//! With the resource between its waiters and its holders there are as many edges as facts, not as many as pairs.

use std::collections::{BTreeMap, HashMap};

use super::{Through, Tie, holders};
use crate::facts::{
    Hold, ResourceId, ResourceWait, SiteFacts, TaskId, TaskKind, TaskState, Wait, WaitingTask,
};
use crate::model::Model;
use crate::policy::Policy;

/// The graph; tasks come first, by ascending id.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
}

/// A task, or a way of waiting for a resource.
#[derive(Debug)]
pub(super) struct Node {
    pub who: Who,
    /// Of a task: whether it has settled, parked, with a count of wakers that can be believed.
    pub at_rest: bool,
    /// Whether it must be taken for live whatever the others are.
    pub live: bool,
    /// Whether what is known of it is no proof.
    pub doubt: bool,
    pub edges: Vec<Edge>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Task(TaskId),
    Resource(ResourceId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub to: usize,
    /// `None`: from a task to what it waits for.
    pub tie: Option<Tie>,
}

/// What ends a wait: tasks that could, unless one is unknown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    pub by: Vec<(TaskId, Tie)>,
    pub doubt: bool,
}

impl Node {
    pub(super) fn task(&self) -> Option<TaskId> {
        match self.who {
            Who::Task(id) => Some(id),
            Who::Resource(_) => None,
        }
    }

    pub(super) fn through(&self) -> Through {
        match self.who {
            Who::Task(_) => Through::Join,
            Who::Resource(id) => Through::Resource(id),
        }
    }
}

impl Graph {
    /// By node: those that wait for it.
    pub(super) fn waiters(&self) -> Vec<Vec<usize>> {
        let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (from, node) in self.nodes.iter().enumerate() {
            for edge in &node.edges {
                waiters[edge.to].push(from);
            }
        }
        waiters
    }
}

/// Builds the graph of a model.
pub(super) fn build(model: &Model, policy: &Policy) -> Graph {
    let index: HashMap<TaskId, usize> =
        model.waiting().enumerate().map(|(at, task)| (task.id, at)).collect();
    let queues = queues(model);
    let mut graph = Graph::default();
    graph.nodes.extend(model.waiting().map(|task| {
        let at_rest = is_at_rest(task, model.site(task.site));
        let edges = Vec::new();
        Node { who: Who::Task(task.id), at_rest, live: !at_rest, doubt: false, edges }
    }));
    let mut points: HashMap<(ResourceId, Hold), usize> = HashMap::new();
    for (at, task) in model.waiting().enumerate() {
        if graph.nodes[at].live {
            continue;
        }
        let mut waits = task.waits.clone();
        waits.sort_unstable_by_key(|wait| (wait.resource, wait.wants));
        for wait in &waits {
            let point = *points.entry((wait.resource, wait.wants)).or_insert_with(|| {
                graph.nodes.push(point(model, wait, &queues, &index));
                graph.nodes.len() - 1
            });
            graph.nodes[at].edges.push(Edge { to: point, tie: None });
        }
        let beyond = wakers(task).saturating_sub(task.waits.len() as u64);
        let child = awaited_child(task, model).and_then(|child| index.get(&child));
        let node = &mut graph.nodes[at];
        match (beyond, child) {
            (0, _) => {}
            (1, Some(child)) => {
                node.edges.push(Edge { to: *child, tie: Some(Tie::Joined) });
                // Whether the handle is that child's is not told.
                node.doubt = true;
            }
            _ => node.live = true,
        }
        if task.waits.is_empty() && beyond == 0 {
            let site = model.site(task.site);
            node.live = site.is_none_or(|site| ends_by_abort(site, policy));
            node.doubt = site.is_none_or(|site| site.revived > 0);
        }
        if node.live {
            node.edges.clear();
        }
        node.edges.sort_unstable();
        node.edges.dedup();
    }
    graph
}

/// Whether a task has settled, parked, with a count of wakers that can be believed.
fn is_at_rest(task: &WaitingTask, site: Option<&SiteFacts>) -> bool {
    let woken_by_wakers = site.is_some_and(|site| {
        !site.own && matches!(site.site.kind, TaskKind::Task | TaskKind::Local)
    });
    // Fewer wakers than waits: one of them is not what it seems.
    let believable = task.wakers.is_some_and(|wakers| wakers >= task.waits.len() as u64);
    task.state == TaskState::Parked && task.settled_since.is_some() && woken_by_wakers && believable
}

fn wakers(task: &WaitingTask) -> u64 {
    task.wakers.unwrap_or(u64::MAX)
}

/// A guard that parks until it is aborted gives back what it holds when that happens.
fn ends_by_abort(site: &SiteFacts, policy: &Policy) -> bool {
    site.cancelled >= policy.aborted_minimum && site.cancelled >= site.returned
}

/// The child whose end a task awaits: known if it waits in a join handle since its latest poll, and has one child.
fn awaited_child(task: &WaitingTask, model: &Model) -> Option<TaskId> {
    let latest = task.registrations.first().filter(|at| at.poll == task.polls)?;
    let wait = model.stack(latest.stack)?.wait.as_ref()?;
    matches!(wait, Wait::JoinHandle | Wait::JoinSet).then_some(task.only_child)?
}

/// Who waits for what, as far as the graph tells.
fn queues(model: &Model) -> BTreeMap<ResourceId, Vec<(TaskId, Hold)>> {
    let mut queues: BTreeMap<ResourceId, Vec<(TaskId, Hold)>> = BTreeMap::new();
    for task in model.waiting() {
        for wait in &task.waits {
            queues.entry(wait.resource).or_default().push((task.id, wait.wants));
        }
    }
    queues
}

/// The node for waiting for a resource in one way.
fn point(
    model: &Model,
    wait: &ResourceWait,
    queues: &BTreeMap<ResourceId, Vec<(TaskId, Hold)>>,
    index: &HashMap<TaskId, usize>,
) -> Node {
    let queue = queues.get(&wait.resource).map_or(&[][..], Vec::as_slice);
    let ends = model
        .resource(wait.resource)
        .and_then(|resource| holders::ends(resource, wait.wants, queue, model));
    let edges: Option<Vec<Edge>> = ends.as_ref().and_then(|ends| {
        let edge =
            |(task, tie): &(TaskId, Tie)| Some(Edge { to: *index.get(task)?, tie: Some(*tie) });
        ends.by.iter().map(edge).collect()
    });
    let mut edges_sorted = edges.unwrap_or_default();
    edges_sorted.sort_unstable();
    edges_sorted.dedup();
    Node {
        who: Who::Resource(wait.resource),
        at_rest: false,
        live: edges_sorted.is_empty(),
        doubt: ends.is_some_and(|ends| ends.doubt),
        edges: edges_sorted,
    }
}
