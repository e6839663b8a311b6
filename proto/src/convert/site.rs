//! Spawn sites and their histories.

use std::time::Duration;

use stranded_analysis::facts::{
    Bin, Cluster, History, Moment, SiteFacts, SiteId, SpawnSite, SpawnedBy, StackCount, StackId,
    TaskKind, Zombies,
};

use super::{DecodeError, Fault, bound, cluster, read};
use crate::limits::{MAX_BINS, MAX_CLUSTERS, MAX_NAME_BYTES, MAX_SPAWNED_BY, MAX_STACK_COUNTS};
use crate::v1;

impl From<&SiteFacts> for v1::Site {
    fn from(site: &SiteFacts) -> Self {
        Self {
            id: site.id.0,
            site: Some((&site.site).into()),
            first_spawn_ns: site.first_spawn.0,
            last_spawn_ns: site.last_spawn.0,
            spawned: bound::count(site.spawned),
            returned: bound::count(site.returned),
            cancelled: bound::count(site.cancelled),
            panicked: bound::count(site.panicked),
            live: bound::count(site.live),
            max_live: bound::count(site.max_live),
            running: bound::count(site.running),
            scheduled: bound::count(site.scheduled),
            future_bytes: bound::count(site.future_bytes),
            lifetimes: Some((&site.lifetimes).into()),
            cancelled_lifetimes: Some((&site.cancelled_lifetimes).into()),
            poll_times: Some((&site.poll_times).into()),
            scheduled_times: Some((&site.scheduled_times).into()),
            minutes: Some((&site.minutes).into()),
            recent: Some((&site.recent).into()),
            clusters: cluster::at_most(&site.clusters, MAX_CLUSTERS)
                .iter()
                .map(|cluster: &Cluster| cluster.into())
                .collect(),
            spawned_by: bound::list(&site.spawned_by, MAX_SPAWNED_BY)
                .0
                .iter()
                .map(v1::SpawnedBy::from)
                .collect(),
            children: bound::count(site.children),
            revived: bound::count(site.revived),
            own: site.own,
            park_times: Some((&site.park_times).into()),
            spawn_stacks: stack_counts(&site.spawn_stacks),
            running_for: Some((&site.running_for).into()),
            zombies: site.zombies.as_ref().map(v1::Zombies::from),
        }
    }
}

impl TryFrom<v1::Site> for SiteFacts {
    type Error = DecodeError;

    fn try_from(wire: v1::Site) -> Result<Self, DecodeError> {
        Ok(Self {
            last_spawn: Moment(wire.last_spawn_ns),
            spawned: read::count(wire.spawned, "spawned")?,
            returned: read::count(wire.returned, "returned")?,
            cancelled: read::count(wire.cancelled, "cancelled")?,
            panicked: read::count(wire.panicked, "panicked")?,
            live: read::count(wire.live, "live")?,
            max_live: read::count(wire.max_live, "max_live")?,
            running: read::count(wire.running, "running")?,
            scheduled: read::count(wire.scheduled, "scheduled")?,
            future_bytes: read::count(wire.future_bytes, "future_bytes")?,
            lifetimes: read::required(wire.lifetimes, "lifetimes")?,
            cancelled_lifetimes: read::required(wire.cancelled_lifetimes, "cancelled_lifetimes")?,
            poll_times: read::required(wire.poll_times, "poll_times")?,
            scheduled_times: read::required(wire.scheduled_times, "scheduled_times")?,
            minutes: read::required(wire.minutes, "minutes")?,
            recent: read::required(wire.recent, "recent")?,
            clusters: read::each(wire.clusters, "clusters", MAX_CLUSTERS)?,
            spawned_by: read::each(wire.spawned_by, "spawned_by", MAX_SPAWNED_BY)?,
            children: read::count(wire.children, "children")?,
            revived: read::count(wire.revived, "revived")?,
            own: wire.own,
            // An agent of level 1 does not know them.
            park_times: read::optional(wire.park_times, "park_times")?.unwrap_or_default(),
            spawn_stacks: read::each(wire.spawn_stacks, "spawn_stacks", MAX_STACK_COUNTS)?,
            running_for: read::optional(wire.running_for, "running_for")?.unwrap_or_default(),
            zombies: read::optional(wire.zombies, "zombies")?,
            id: SiteId(wire.id),
            site: read::required(wire.site, "site")?,
            first_spawn: Moment(wire.first_spawn_ns),
        })
    }
}

impl From<&SpawnSite> for v1::SpawnSite {
    fn from(site: &SpawnSite) -> Self {
        Self {
            file: bound::text(&site.file, MAX_NAME_BYTES),
            line: site.line,
            column: site.column,
            name: bound::text(&site.name, MAX_NAME_BYTES),
            kind: v1::TaskKind::from(site.kind).into(),
        }
    }
}

impl TryFrom<v1::SpawnSite> for SpawnSite {
    type Error = DecodeError;

    fn try_from(wire: v1::SpawnSite) -> Result<Self, DecodeError> {
        let kind = wire.kind().into();
        Ok(Self {
            file: read::text(wire.file, "file", MAX_NAME_BYTES)?,
            line: wire.line,
            column: wire.column,
            name: read::text(wire.name, "name", MAX_NAME_BYTES)?,
            kind,
        })
    }
}

impl From<TaskKind> for v1::TaskKind {
    fn from(kind: TaskKind) -> Self {
        match kind {
            TaskKind::Task => Self::Task,
            TaskKind::Local => Self::Local,
            TaskKind::Blocking => Self::Blocking,
            TaskKind::BlockOn => Self::BlockOn,
            TaskKind::Unknown => Self::Unspecified,
        }
    }
}

impl From<v1::TaskKind> for TaskKind {
    fn from(wire: v1::TaskKind) -> Self {
        match wire {
            v1::TaskKind::Task => Self::Task,
            v1::TaskKind::Local => Self::Local,
            v1::TaskKind::Blocking => Self::Blocking,
            v1::TaskKind::BlockOn => Self::BlockOn,
            v1::TaskKind::Unspecified => Self::Unknown,
        }
    }
}

/// Of too many bins the oldest are left out, and the history starts later.
impl From<&History> for v1::History {
    fn from(history: &History) -> Self {
        let left_out = history.bins.len().saturating_sub(MAX_BINS);
        let bins = &history.bins[left_out..];
        let skipped = history.width.saturating_mul(u32::try_from(left_out).unwrap_or(u32::MAX));
        Self {
            start_ns: history.start.forward(skipped).0,
            width_ns: bound::nanos(history.width),
            spawned: bins.iter().map(|bin| bin.spawned).collect(),
            returned: bins.iter().map(|bin| bin.returned).collect(),
            ended: bins.iter().map(|bin| bin.ended).collect(),
            min_live: bins.iter().map(|bin| bin.min_live).collect(),
        }
    }
}

impl TryFrom<v1::History> for History {
    type Error = DecodeError;

    fn try_from(wire: v1::History) -> Result<Self, DecodeError> {
        let spawned = read::at_most(wire.spawned, "spawned", MAX_BINS)?;
        for (column, field) in
            [(&wire.returned, "returned"), (&wire.ended, "ended"), (&wire.min_live, "min_live")]
        {
            if column.len() != spawned.len() {
                let fault = Fault::Uneven {
                    items: column.len(),
                    other: "spawned",
                    expected: spawned.len(),
                };
                return Err(DecodeError::new(field, fault));
            }
        }
        if !spawned.is_empty() && wire.width_ns == 0 {
            return Err(DecodeError::new("width_ns", Fault::Zero));
        }
        let length = wire.width_ns.checked_mul(spawned.len() as u64);
        if length.and_then(|length| wire.start_ns.checked_add(length)).is_none() {
            return Err(DecodeError::new("start_ns", Fault::PastTheEnd));
        }
        let rest = wire.returned.into_iter().zip(wire.ended).zip(wire.min_live);
        let bins = spawned
            .into_iter()
            .zip(rest)
            .map(|(spawned, ((returned, ended), min_live))| Bin {
                spawned,
                returned,
                ended,
                min_live,
            })
            .collect();
        Ok(Self { start: Moment(wire.start_ns), width: Duration::from_nanos(wire.width_ns), bins })
    }
}

impl From<&SpawnedBy> for v1::SpawnedBy {
    fn from(spawned_by: &SpawnedBy) -> Self {
        Self {
            site: spawned_by.site.map(|site| site.0),
            live: bound::count(spawned_by.live),
            orphans: bound::count(spawned_by.orphans),
        }
    }
}

impl TryFrom<v1::SpawnedBy> for SpawnedBy {
    type Error = DecodeError;

    fn try_from(wire: v1::SpawnedBy) -> Result<Self, DecodeError> {
        let live = read::count(wire.live, "live")?;
        let orphans = read::part(wire.orphans, "orphans", ("live", live))?;
        Ok(Self { site: wire.site.map(SiteId), live, orphans })
    }
}

/// The most frequent stacks, as many as fit.
fn stack_counts(stacks: &[StackCount]) -> Vec<v1::StackCount> {
    bound::list(stacks, MAX_STACK_COUNTS).0.iter().map(v1::StackCount::from).collect()
}

impl From<&StackCount> for v1::StackCount {
    fn from(count: &StackCount) -> Self {
        Self { stack: count.stack.0, tasks: bound::count(count.tasks) }
    }
}

impl TryFrom<v1::StackCount> for StackCount {
    type Error = DecodeError;

    fn try_from(wire: v1::StackCount) -> Result<Self, DecodeError> {
        Ok(Self { stack: StackId(wire.stack), tasks: read::count(wire.tasks, "tasks")? })
    }
}

impl From<&Zombies> for v1::Zombies {
    fn from(zombies: &Zombies) -> Self {
        Self {
            tasks: bound::count(zombies.tasks),
            bytes: bound::count(zombies.bytes),
            wakers: bound::count(zombies.wakers),
            ended_ago: Some((&zombies.ended_ago).into()),
            stacks: stack_counts(&zombies.stacks),
        }
    }
}

impl TryFrom<v1::Zombies> for Zombies {
    type Error = DecodeError;

    fn try_from(wire: v1::Zombies) -> Result<Self, DecodeError> {
        Ok(Self {
            tasks: read::count(wire.tasks, "tasks")?,
            bytes: read::count(wire.bytes, "bytes")?,
            wakers: read::count(wire.wakers, "wakers")?,
            ended_ago: read::required(wire.ended_ago, "ended_ago")?,
            stacks: read::each(wire.stacks, "stacks", MAX_STACK_COUNTS)?,
        })
    }
}
