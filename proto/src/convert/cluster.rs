//! Clusters of parked tasks.

use std::borrow::Cow;
use std::cmp::Reverse;

use stranded_analysis::facts::{
    CancelSeen, Cancelled, Cluster, Moment, Outlived, ResourceCount, ResourceId, StackId, TaskId,
    TaskRef, Timers,
};

use super::{DecodeError, bound, read};
use crate::limits::{MAX_CLUSTER_STACKS, MAX_EXAMPLES, MAX_NAME_BYTES, MAX_WAITS};
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
        waker_gone: sum.waker_gone.saturating_add(other.waker_gone),
        waker_gone_since: earliest(sum.waker_gone_since, other.waker_gone_since),
        last_waker: sum.last_waker.or(other.last_waker),
        cancelled: match (sum.cancelled, &other.cancelled) {
            (Some(mut cancelled), Some(more)) => {
                cancelled.tasks = cancelled.tasks.saturating_add(more.tasks);
                cancelled.ago.merge(&more.ago);
                Some(cancelled)
            }
            (one, other) => one.or_else(|| other.clone()),
        },
        timers: match (sum.timers, other.timers) {
            (Some(one), Some(more)) => Some(Timers {
                tasks: one.tasks.saturating_add(more.tasks),
                soonest: one.soonest.min(more.soonest),
                latest: one.latest.max(more.latest),
            }),
            (one, other) => one.or(other),
        },
        waits: waits(sum.waits, &other.waits),
        ..sum
    }
}

/// The resources of both lists, most frequent first.
fn waits(mut sum: Vec<ResourceCount>, other: &[ResourceCount]) -> Vec<ResourceCount> {
    for more in other {
        match sum.iter_mut().find(|known| known.resource == more.resource) {
            Some(known) => known.tasks = known.tasks.saturating_add(more.tasks),
            None => sum.push(*more),
        }
    }
    sum.sort_by_key(|count| (Reverse(count.tasks), count.resource));
    sum.truncate(MAX_WAITS);
    sum
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
            waker_gone: bound::count(cluster.waker_gone),
            waker_gone_since_ns: bound::moment(cluster.waker_gone_since),
            last_waker: cluster.last_waker.map(v1::TaskRef::from),
            cancelled: cluster.cancelled.as_ref().map(v1::Cancelled::from),
            timers: cluster.timers.as_ref().map(v1::Timers::from),
            waits: bound::list(&cluster.waits, MAX_WAITS)
                .0
                .iter()
                .map(v1::ResourceCount::from)
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
        let cancelled: Option<Cancelled> = read::optional(wire.cancelled, "cancelled")?;
        read::part(cancelled.as_ref().map_or(0, |some| some.tasks), "cancelled.tasks", all)?;
        let timers: Option<Timers> = read::optional(wire.timers, "timers")?;
        read::part(timers.map_or(0, |some| some.tasks), "timers.tasks", all)?;
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
            stacks,
            oldest_parked: Moment(wire.oldest_parked_ns),
            oldest_spawned: Moment(wire.oldest_spawned_ns),
            waker_gone: read::part(wire.waker_gone, "waker_gone", all)?,
            waker_gone_since: read::moment(wire.waker_gone_since_ns),
            last_waker: wire.last_waker.map(TaskRef::from),
            cancelled,
            timers,
            waits: read::each(wire.waits, "waits", MAX_WAITS)?,
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

impl From<&Cancelled> for v1::Cancelled {
    fn from(cancelled: &Cancelled) -> Self {
        let seen = match cancelled.seen {
            CancelSeen::Woken => v1::CancelSeen::Woken,
            CancelSeen::Sibling => v1::CancelSeen::Sibling,
            CancelSeen::Unknown => v1::CancelSeen::Unspecified,
        };
        Self {
            tasks: bound::count(cancelled.tasks),
            ago: Some((&cancelled.ago).into()),
            seen: seen.into(),
            by: cancelled.by.map(v1::TaskRef::from),
            token: cancelled.token.as_ref().map(v1::Place::from),
        }
    }
}

impl TryFrom<v1::Cancelled> for Cancelled {
    type Error = DecodeError;

    fn try_from(wire: v1::Cancelled) -> Result<Self, DecodeError> {
        let seen = match wire.seen() {
            v1::CancelSeen::Woken => CancelSeen::Woken,
            v1::CancelSeen::Sibling => CancelSeen::Sibling,
            v1::CancelSeen::Unspecified => CancelSeen::Unknown,
        };
        Ok(Self {
            tasks: read::count(wire.tasks, "tasks")?,
            ago: read::required(wire.ago, "ago")?,
            seen,
            by: wire.by.map(TaskRef::from),
            token: read::optional(wire.token, "token")?,
        })
    }
}

impl From<&Timers> for v1::Timers {
    fn from(timers: &Timers) -> Self {
        Self {
            tasks: bound::count(timers.tasks),
            soonest_ns: timers.soonest.0,
            latest_ns: timers.latest.0,
        }
    }
}

impl TryFrom<v1::Timers> for Timers {
    type Error = DecodeError;

    fn try_from(wire: v1::Timers) -> Result<Self, DecodeError> {
        let latest = wire.latest_ns;
        Ok(Self {
            tasks: read::count(wire.tasks, "tasks")?,
            soonest: Moment(read::part(wire.soonest_ns, "soonest_ns", ("latest_ns", latest))?),
            latest: Moment(latest),
        })
    }
}

impl From<&ResourceCount> for v1::ResourceCount {
    fn from(count: &ResourceCount) -> Self {
        Self { resource: count.resource.0, tasks: bound::count(count.tasks) }
    }
}

impl TryFrom<v1::ResourceCount> for ResourceCount {
    type Error = DecodeError;

    fn try_from(wire: v1::ResourceCount) -> Result<Self, DecodeError> {
        Ok(Self { resource: ResourceId(wire.resource), tasks: read::count(wire.tasks, "tasks")? })
    }
}
