//! Why each stranded task is stranded: by itself, in a knot with others, or behind one of those.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::graph::{Edge, Graph};
use super::spread;
use super::{Cause, Knot, Reach, Step, Stranded, Through, Tie};
use crate::facts::TaskId;
use crate::model::Model;

/// Gives every node that is not `live` its cause; a task that is `unproven` is likely stranded only.
pub(super) fn find(graph: &Graph, live: &[bool], unproven: &[bool], model: &Model) -> Reach {
    let mut reach = Reach::default();
    // For every node the task that stands for its cause; proven causes before others, then the oldest task.
    let mut roots: Vec<Option<(bool, TaskId)>> = vec![None; graph.nodes.len()];
    for component in spread::components(graph, live) {
        let alone = component.first().copied().filter(|at| {
            component.len() == 1 && graph.nodes[*at].edges.iter().all(|edge| edge.to != *at)
        });
        let cause = if let Some(alone) = alone {
            behind(graph, &roots, alone)
        } else {
            let knot = knot(graph, &component);
            reach.knots.push(knot);
            Some(Cause::Knot(reach.knots.len() - 1))
        };
        let root = match cause {
            Some(Cause::Behind { root, .. }) => Some(root),
            Some(Cause::Knot(index)) => reach.knots[index].tasks.first().copied(),
            Some(Cause::NoWaker) | None => component.iter().find_map(|at| graph.nodes[*at].task()),
        };
        for at in component {
            roots[at] = root.map(|root| (unproven[at], root));
            let (Some(task), Some(cause)) = (graph.nodes[at].task(), cause) else { continue };
            reach.stranded.insert(task, Stranded { proven: !unproven[at], cause });
            if let Cause::Behind { root, .. } = cause {
                *reach.victims.entry(root).or_default() += 1;
            }
        }
    }
    for id in reach.stranded.keys() {
        if let Some(task) = model.waiting_task(*id) {
            reach.by_site.entry(task.site).or_default().push(*id);
        }
    }
    reach
}

/// The cause of a node that belongs to no knot: what it leads to has one already.
fn behind(graph: &Graph, roots: &[Option<(bool, TaskId)>], at: usize) -> Option<Cause> {
    let node = &graph.nodes[at];
    if node.edges.is_empty() {
        return Some(Cause::NoWaker);
    }
    let ((_, root), to) =
        node.edges.iter().filter_map(|edge| Some((roots[edge.to]?, edge.to))).min()?;
    Some(Cause::Behind { root, through: graph.nodes[to].through() })
}

fn knot(graph: &Graph, component: &[usize]) -> Knot {
    let mut tasks: Vec<TaskId> =
        component.iter().filter_map(|at| graph.nodes[*at].task()).collect();
    tasks.sort_unstable();
    let within: BTreeSet<usize> = component.iter().copied().collect();
    let inner = |at: usize| graph.nodes[at].edges.iter().filter(|edge| within.contains(&edge.to));
    let tie = component.iter().flat_map(|at| inner(*at)).filter_map(|edge| edge.tie).max();
    let first = component
        .iter()
        .copied()
        .filter(|at| graph.nodes[*at].task().is_some())
        .min_by_key(|at| graph.nodes[*at].task());
    let way = first.map(|first| steps(graph, &shortest_way(first, inner))).unwrap_or_default();
    Knot { tasks, way, tie: tie.unwrap_or(Tie::Holds) }
}

/// The edges of a shortest way from a node back to itself.
fn shortest_way<'a, Inner, Edges>(first: usize, inner: Inner) -> Vec<(usize, Edge)>
where
    Inner: Fn(usize) -> Edges,
    Edges: Iterator<Item = &'a Edge>,
{
    let mut came_by: BTreeMap<usize, (usize, Edge)> = BTreeMap::new();
    let mut seen = VecDeque::from([first]);
    while let Some(at) = seen.pop_front() {
        for edge in inner(at) {
            if came_by.contains_key(&edge.to) {
                continue;
            }
            came_by.insert(edge.to, (at, *edge));
            if edge.to != first {
                seen.push_back(edge.to);
                continue;
            }
            let mut way = Vec::new();
            let mut to = first;
            while let Some((from, edge)) = came_by.get(&to) {
                way.push((*from, *edge));
                to = *from;
                if to == first {
                    break;
                }
            }
            way.reverse();
            return way;
        }
    }
    Vec::new()
}

/// The edges of a way as steps from task to task.
fn steps(graph: &Graph, way: &[(usize, Edge)]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut waiting = None;
    for (from, edge) in way {
        if let Some(task) = graph.nodes[*from].task() {
            waiting = Some(task);
        }
        if let (Some(task), Some(tie)) = (waiting, edge.tie) {
            let through = match graph.nodes[*from].task() {
                Some(_) => Through::Join,
                None => graph.nodes[*from].through(),
            };
            steps.push(Step { task, through, tie });
        }
    }
    steps
}
