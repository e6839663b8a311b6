//! Who would be stranded if tasks that are accused for other reasons never went on.
//!
//! That is no proof of anything: it tells the victims of a likely leak from the leak.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::graph::{self, Graph};
use super::{Cause, Reach, Through, can_tell};
use crate::facts::TaskId;
use crate::model::Model;
use crate::policy::Policy;

/// Tasks that wait for presumed causes only, each with a task that stands for its cause and what it waits for itself.
pub(crate) type Victims = BTreeMap<TaskId, (TaskId, Through)>;

/// The victims of the `accused` that could be woken by something that waits for none of the others, and of what is
/// stranded anyway.
pub(crate) fn victims(
    model: &Model,
    policy: &Policy,
    reach: &Reach,
    accused: &BTreeSet<TaskId>,
) -> Victims {
    if accused.is_empty() || !can_tell(model) {
        return Victims::new();
    }
    let graph = graph::build(model, policy);
    let presumed: Vec<bool> = graph
        .nodes
        .iter()
        .map(|node| node.task().is_some_and(|id| accused.contains(&id)) && node.at_rest)
        .collect();
    let waiters = graph.waiters();
    let (live, roots) = halted(&graph, &waiters, &presumed);
    let stranded = (0..graph.nodes.len()).filter(|at| {
        let cause = graph.nodes[*at].task().and_then(|id| reach.get(id));
        cause.is_some_and(|stranded| !matches!(stranded.cause, Cause::Behind { .. }))
    });
    let causes: BTreeSet<usize> = roots.into_iter().chain(stranded).collect();
    behind(&graph, &waiters, &live, &causes)
}

/// Life as it spreads, but for those presumed not to go on; and those of them that it comes to.
fn halted(
    graph: &Graph,
    waiters: &[Vec<usize>],
    presumed: &[bool],
) -> (Vec<bool>, BTreeSet<usize>) {
    let (mut live, mut roots) = (vec![false; graph.nodes.len()], BTreeSet::new());
    let mut reached: Vec<usize> =
        (0..graph.nodes.len()).filter(|at| graph.nodes[*at].live).collect();
    while let Some(at) = reached.pop() {
        if presumed[at] {
            roots.insert(at);
        } else if !live[at] {
            live[at] = true;
            reached.extend(&waiters[at]);
        }
    }
    (live, roots)
}

/// Whoever waits for a cause, nearest first.
fn behind(
    graph: &Graph,
    waiters: &[Vec<usize>],
    live: &[bool],
    causes: &BTreeSet<usize>,
) -> Victims {
    let mut victims = Victims::new();
    let mut met: Vec<bool> = live.to_vec();
    for at in causes {
        met[*at] = true;
    }
    let mut reached: VecDeque<(usize, TaskId)> =
        causes.iter().filter_map(|at| Some((*at, graph.nodes[*at].task()?))).collect();
    while let Some((at, root)) = reached.pop_front() {
        for &waiter in &waiters[at] {
            if std::mem::replace(&mut met[waiter], true) {
                continue;
            }
            if let Some(task) = graph.nodes[waiter].task() {
                victims.insert(task, (root, graph.nodes[at].through()));
            }
            reached.push_back((waiter, root));
        }
    }
    victims
}
