//! Clusters of parked tasks.

use std::borrow::Cow;
use std::cmp::Reverse;

use stranded_analysis::facts::{Cluster, Moment, Outlived, StackId, TaskId};

use super::{DecodeError, bound, read};
use crate::limits::{MAX_CLUSTER_STACKS, MAX_EXAMPLES, MAX_NAME_BYTES};
use crate::v1;

/// `clusters`, at most `max` of them. Of too many, the least telling are folded into one without
/// stacks, which already means "stack unknown", so that the numbers of tasks still add up.
pub(super) fn at_most(clusters: &[Cluster], max: usize) -> Cow<'_, [Cluster]> {
    if clusters.len() <= max {
        return Cow::Borrowed(clusters);
    }
    let mut ranked: Vec<&Cluster> = clusters.iter().collect();
    // A proof hangs on the stack of a cluster with settled tasks; after those, size is what tells.
    ranked.sort_by_key(|cluster| {
        Reverse((!cluster.stacks.is_empty(), cluster.zero_wakers_settled > 0, cluster.parked))
    });
    let (kept, rest) = ranked.split_at(max - 1);
    let folded = rest[1..]
        .iter()
        .fold(Cluster { stacks: Vec::new(), ..rest[0].clone() }, |sum, cluster| fold(sum, cluster));
    Cow::Owned(kept.iter().copied().cloned().chain([folded]).collect())
}

/// `sum` and the tasks of `other`, as one cluster with the stacks of `sum`.
fn fold(mut sum: Cluster, other: &Cluster) -> Cluster {
    sum.ages.merge(&other.ages);
    sum.examples.extend(&other.examples);
    Cluster {
        parked: sum.parked.saturating_add(other.parked),
        current: sum.current.saturating_add(other.current),
        oldest_parked: sum.oldest_parked.min(other.oldest_parked),
        oldest_spawned: sum.oldest_spawned.min(other.oldest_spawned),
        zero_wakers: sum.zero_wakers.saturating_add(other.zero_wakers),
        zero_wakers_settled: sum.zero_wakers_settled.saturating_add(other.zero_wakers_settled),
        zero_wakers_since: earliest(sum.zero_wakers_since, other.zero_wakers_since),
        unaccounted: sum.unaccounted.saturating_add(other.unaccounted),
        never_woken: sum.never_woken.saturating_add(other.never_woken),
        woken_by_driver: sum.woken_by_driver.saturating_add(other.woken_by_driver),
        woken_by_task: sum.woken_by_task.saturating_add(other.woken_by_task),
        last_wake: sum.last_wake.max(other.last_wake),
        polls: (sum.polls.0.min(other.polls.0), sum.polls.1.max(other.polls.1)),
        outlived: match (sum.outlived, &other.outlived) {
            (Some(mut outlived), Some(more)) => {
                outlived.ended_ago.merge(&more.ended_ago);
                Some(outlived)
            }
            (one, other) => one.or_else(|| other.clone()),
        },
        ..sum
    }
}

/// The earlier of two moments, if there is one.
fn earliest(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    a.into_iter().chain(b).min()
}

impl From<&Cluster> for v1::Cluster {
    fn from(cluster: &Cluster) -> Self {
        Self {
            stacks: bound::list(&cluster.stacks, MAX_CLUSTER_STACKS)
                .0
                .iter()
                .map(|stack| stack.0)
                .collect(),
            parked: bound::count(cluster.parked),
            current: bound::count(cluster.current),
            ages: Some((&cluster.ages).into()),
            oldest_parked_ns: cluster.oldest_parked.0,
            oldest_spawned_ns: cluster.oldest_spawned.0,
            zero_wakers: bound::count(cluster.zero_wakers),
            zero_wakers_settled: bound::count(cluster.zero_wakers_settled),
            zero_wakers_since_ns: bound::moment(cluster.zero_wakers_since),
            unaccounted: bound::count(cluster.unaccounted),
            never_woken: bound::count(cluster.never_woken),
            woken_by_driver: bound::count(cluster.woken_by_driver),
            woken_by_task: bound::count(cluster.woken_by_task),
            last_wake_ns: bound::moment(cluster.last_wake),
            polls_min: bound::count(cluster.polls.0),
            polls_max: bound::count(cluster.polls.1),
            outlived: cluster.outlived.as_ref().map(v1::Outlived::from),
            examples: bound::list(&cluster.examples, MAX_EXAMPLES)
                .0
                .iter()
                .map(|task| task.0)
                .collect(),
        }
    }
}

impl TryFrom<v1::Cluster> for Cluster {
    type Error = DecodeError;

    /// A cluster comes from one pass over its tasks, so its numbers must agree with each other.
    fn try_from(wire: v1::Cluster) -> Result<Self, DecodeError> {
        let parked = read::count(wire.parked, "parked")?;
        let all = ("parked", parked);
        let zero_wakers = read::part(wire.zero_wakers, "zero_wakers", all)?;
        let never_woken = read::part(wire.never_woken, "never_woken", all)?;
        let woken_by_driver = read::part(wire.woken_by_driver, "woken_by_driver", all)?;
        let woken_by_task = read::part(wire.woken_by_task, "woken_by_task", all)?;
        read::part(never_woken + woken_by_driver + woken_by_task, "never_woken + woken_by_*", all)?;
        let polls_max = read::count(wire.polls_max, "polls_max")?;
        let stacks = read::at_most(wire.stacks, "stacks", MAX_CLUSTER_STACKS)?
            .into_iter()
            .map(StackId)
            .collect();
        let (spawned, parked_since) =
            (Moment(wire.oldest_spawned_ns), Moment(wire.oldest_parked_ns));
        Ok(Self {
            parked,
            current: read::part(wire.current, "current", all)?,
            ages: read::required(wire.ages, "ages")?,
            zero_wakers,
            zero_wakers_settled: read::part(
                wire.zero_wakers_settled,
                "zero_wakers_settled",
                ("zero_wakers", zero_wakers),
            )?,
            zero_wakers_since: read::moment(wire.zero_wakers_since_ns),
            unaccounted: read::part(wire.unaccounted, "unaccounted", all)?,
            never_woken,
            woken_by_driver,
            woken_by_task,
            last_wake: read::moment(wire.last_wake_ns),
            polls: (read::part(wire.polls_min, "polls_min", ("polls_max", polls_max))?, polls_max),
            outlived: read::optional(wire.outlived, "outlived")?,
            examples: read::at_most(wire.examples, "examples", MAX_EXAMPLES)?
                .into_iter()
                .map(TaskId)
                .collect(),
            ..Self::new(stacks, spawned, parked_since)
        })
    }
}

impl From<&Outlived> for v1::Outlived {
    fn from(outlived: &Outlived) -> Self {
        Self {
            ended_ago: Some((&outlived.ended_ago).into()),
            scope: bound::text(&outlived.scope, MAX_NAME_BYTES),
            opener: outlived.opener.map(|task| task.0),
        }
    }
}

impl TryFrom<v1::Outlived> for Outlived {
    type Error = DecodeError;

    fn try_from(wire: v1::Outlived) -> Result<Self, DecodeError> {
        Ok(Self {
            ended_ago: read::required(wire.ended_ago, "ended_ago")?,
            scope: read::text(wire.scope, "scope", MAX_NAME_BYTES)?,
            opener: wire.opener.map(TaskId),
        })
    }
}
