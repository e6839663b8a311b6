//! Life spreading through the graph, and the knots in what is left.

use super::graph::Graph;

/// Which nodes are live if those of `start` are: all from which a live one can be reached.
pub(super) fn live(graph: &Graph, start: impl Iterator<Item = bool>) -> Vec<bool> {
    let mut live: Vec<bool> = start.collect();
    let waiters = graph.waiters();
    let mut spreading: Vec<usize> = (0..live.len()).filter(|at| live[*at]).collect();
    while let Some(at) = spreading.pop() {
        for &waiter in &waiters[at] {
            if !live[waiter] {
                live[waiter] = true;
                spreading.push(waiter);
            }
        }
    }
    live
}

/// The strongly connected components of the nodes that are not live, each after those it leads to (Tarjan).
pub(super) fn components(graph: &Graph, live: &[bool]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; graph.nodes.len()];
    let mut lowest = order.clone();
    let mut on_stack = vec![false; graph.nodes.len()];
    let (mut stack, mut found, mut next) = (Vec::new(), Vec::new(), 0);
    for root in 0..graph.nodes.len() {
        if live[root] || order[root] != UNSEEN {
            continue;
        }
        // The nodes being visited, and how many of their edges are done: recursion without its depth.
        let mut visits = vec![(root, 0)];
        while let Some((at, done)) = visits.pop() {
            if done == 0 {
                (order[at], lowest[at]) = (next, next);
                next += 1;
                stack.push(at);
                on_stack[at] = true;
            }
            let edges = &graph.nodes[at].edges;
            if let Some(edge) = edges.get(done) {
                visits.push((at, done + 1));
                if order[edge.to] == UNSEEN {
                    visits.push((edge.to, 0));
                } else if on_stack[edge.to] {
                    lowest[at] = lowest[at].min(order[edge.to]);
                }
                continue;
            }
            if lowest[at] == order[at] {
                let start = stack.iter().rposition(|on| *on == at).unwrap_or(0);
                let component: Vec<usize> = stack.drain(start..).collect();
                for on in &component {
                    on_stack[*on] = false;
                }
                found.push(component);
            }
            if let Some((parent, _)) = visits.last() {
                lowest[*parent] = lowest[*parent].min(lowest[at]);
            }
        }
    }
    found
}
