//! The target, its source's capabilities and its gauges.

use std::time::Duration;

use stranded_analysis::facts::{
    BlockingPool, Cap, Caps, Gauges, Instrumentation, Moment, ResourceTracking, Source,
    StackCapture, TargetInfo, TaskId,
};

use super::{DecodeError, Fault, bound, read};
use crate::limits::{MAX_CAPS, MAX_FAULTS, MAX_NAME_BYTES, MAX_SENTENCE_BYTES};
use crate::{PROTOCOL, v1};

impl From<&TargetInfo> for v1::TargetInfo {
    fn from(target: &TargetInfo) -> Self {
        Self {
            protocol: PROTOCOL,
            name: bound::text(&target.name, MAX_NAME_BYTES),
            pid: target.pid,
            host: target.host.as_deref().map(|host| bound::text(host, MAX_NAME_BYTES)),
            source: v1::Source::from(target.source).into(),
            agent_version: bound::text(&target.agent_version, MAX_NAME_BYTES),
            tokio_version: target
                .tokio_version
                .as_deref()
                .map(|version| bound::text(version, MAX_NAME_BYTES)),
            caps: target.caps.iter().map(|known| cap(known).into()).collect(),
            instrumentation: Some((&target.instrumentation).into()),
            stacks: v1::StackCapture::from(target.stacks).into(),
            epoch_unix_ns: target.epoch_unix_ns,
            faults: faults(&target.faults),
            resources: v1::ResourceTracking::from(target.resources).into(),
        }
    }
}

/// The faults; of too many, the last that fits is replaced by one that says how many are left out.
fn faults(faults: &[String]) -> Vec<String> {
    let fits = if faults.len() > MAX_FAULTS { MAX_FAULTS - 1 } else { MAX_FAULTS };
    let (kept, left_out) = bound::list(faults, fits);
    let mark = (left_out > 0).then(|| bound::more(left_out, "faults"));
    kept.iter().map(|fault| bound::text(fault, MAX_SENTENCE_BYTES)).chain(mark).collect()
}

impl TryFrom<v1::TargetInfo> for TargetInfo {
    type Error = DecodeError;

    fn try_from(wire: v1::TargetInfo) -> Result<Self, DecodeError> {
        if wire.protocol == 0 {
            return Err(DecodeError::new("protocol", Fault::Missing));
        }
        let source = wire.source().into();
        let stacks = wire.stacks().into();
        let resources = wire.resources().into();
        let announced = read::at_most(wire.caps, "caps", MAX_CAPS)?;
        Ok(Self {
            name: read::text(wire.name, "name", MAX_NAME_BYTES)?,
            pid: wire.pid,
            host: read::optional_text(wire.host, "host", MAX_NAME_BYTES)?,
            source,
            agent_version: read::text(wire.agent_version, "agent_version", MAX_NAME_BYTES)?,
            tokio_version: read::optional_text(
                wire.tokio_version,
                "tokio_version",
                MAX_NAME_BYTES,
            )?,
            caps: caps(&announced),
            instrumentation: read::required(wire.instrumentation, "instrumentation")?,
            stacks,
            resources,
            epoch_unix_ns: wire.epoch_unix_ns,
            faults: read::at_most(wire.faults, "faults", MAX_FAULTS)?
                .into_iter()
                .map(|fault| read::text(fault, "faults", MAX_SENTENCE_BYTES))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The announced capabilities that this build knows; it could not use another.
fn caps(announced: &[i32]) -> Caps {
    Cap::ALL.into_iter().filter(|known| announced.contains(&cap(*known).into())).collect()
}

/// The capability on the wire.
fn cap(cap: Cap) -> v1::Cap {
    match cap {
        Cap::Wakers => v1::Cap::Wakers,
        Cap::ParkStacks => v1::Cap::ParkStacks,
        Cap::Spawners => v1::Cap::Spawners,
        Cap::Norms => v1::Cap::Norms,
        Cap::Coverage => v1::Cap::Coverage,
        Cap::Scopes => v1::Cap::Scopes,
        Cap::WokenBy => v1::Cap::WokenBy,
        Cap::Endings => v1::Cap::Endings,
        Cap::Resources => v1::Cap::Resources,
        Cap::Timers => v1::Cap::Timers,
        Cap::Cancellations => v1::Cap::Cancellations,
        Cap::SpawnStacks => v1::Cap::SpawnStacks,
        Cap::Activity => v1::Cap::Activity,
        Cap::Handles => v1::Cap::Handles,
    }
}

impl From<Source> for v1::Source {
    fn from(source: Source) -> Self {
        match source {
            Source::Agent => Self::Agent,
            Source::Console => Self::Console,
            Source::Unknown => Self::Unspecified,
        }
    }
}

impl From<v1::Source> for Source {
    fn from(wire: v1::Source) -> Self {
        match wire {
            v1::Source::Agent => Self::Agent,
            v1::Source::Console => Self::Console,
            v1::Source::Unspecified => Self::Unknown,
        }
    }
}

impl From<StackCapture> for v1::StackCapture {
    fn from(capture: StackCapture) -> Self {
        match capture {
            StackCapture::FramePointers => Self::FramePointers,
            StackCapture::Unwinder => Self::Unwinder,
            StackCapture::Off => Self::Off,
            StackCapture::Unknown => Self::Unspecified,
        }
    }
}

impl From<v1::StackCapture> for StackCapture {
    fn from(wire: v1::StackCapture) -> Self {
        match wire {
            v1::StackCapture::FramePointers => Self::FramePointers,
            v1::StackCapture::Unwinder => Self::Unwinder,
            v1::StackCapture::Off => Self::Off,
            v1::StackCapture::Unspecified => Self::Unknown,
        }
    }
}

impl From<ResourceTracking> for v1::ResourceTracking {
    fn from(tracking: ResourceTracking) -> Self {
        match tracking {
            ResourceTracking::Off => Self::Off,
            ResourceTracking::Locks => Self::Locks,
            ResourceTracking::All => Self::All,
            ResourceTracking::Unknown => Self::Unspecified,
        }
    }
}

impl From<v1::ResourceTracking> for ResourceTracking {
    fn from(wire: v1::ResourceTracking) -> Self {
        match wire {
            v1::ResourceTracking::Off => Self::Off,
            v1::ResourceTracking::Locks => Self::Locks,
            v1::ResourceTracking::All => Self::All,
            v1::ResourceTracking::Unspecified => Self::Unknown,
        }
    }
}

impl From<&Instrumentation> for v1::Instrumentation {
    fn from(instrumentation: &Instrumentation) -> Self {
        use v1::instrumentation::State;

        let (state, because, fix) = match instrumentation {
            Instrumentation::Pending => (State::Pending, "", ""),
            Instrumentation::Working => (State::Working, "", ""),
            Instrumentation::Missing { because, fix } => {
                (State::Missing, because.as_str(), fix.as_str())
            }
        };
        Self {
            state: state.into(),
            because: bound::text(because, MAX_SENTENCE_BYTES),
            fix: bound::text(fix, MAX_SENTENCE_BYTES),
        }
    }
}

impl TryFrom<v1::Instrumentation> for Instrumentation {
    type Error = DecodeError;

    fn try_from(wire: v1::Instrumentation) -> Result<Self, DecodeError> {
        use v1::instrumentation::State;

        Ok(match wire.state() {
            State::Pending => Self::Pending,
            State::Working => Self::Working,
            State::Missing => Self::Missing {
                because: read::text(wire.because, "because", MAX_SENTENCE_BYTES)?,
                fix: read::text(wire.fix, "fix", MAX_SENTENCE_BYTES)?,
            },
            // Whatever it is, it is not known to work, and nothing may be concluded from it.
            State::Unspecified => Self::Missing {
                because: format!(
                    "the agent reports a state ({}) that this version does not know",
                    wire.state
                ),
                fix: "use a `stranded` at least as new as the agent".to_owned(),
            },
        })
    }
}

impl From<&Gauges> for v1::Gauges {
    fn from(gauges: &Gauges) -> Self {
        Self {
            tracked: bound::count(gauges.tracked),
            alive: gauges.alive.map(bound::count),
            countable: gauges.countable.map(bound::count),
            own_tasks: bound::count(gauges.own_tasks),
            untracked: bound::count(gauges.untracked),
            unaccounted: bound::count(gauges.unaccounted),
            spawned: bound::count(gauges.spawned),
            ended: bound::count(gauges.ended),
            zombies: bound::count(gauges.zombies),
            workers: gauges.workers,
            last_poll_ns: bound::moment(gauges.last_poll),
            longest_poll: gauges
                .longest_poll
                .map(|(task, since)| v1::LongestPoll { task: task.0, since_ns: since.0 }),
            rss_bytes: gauges.rss_bytes.map(bound::count),
            open_sockets: gauges.open_sockets.map(bound::count),
            agent_cpu_ns: gauges.agent_cpu.map(bound::nanos),
            agent_bytes: bound::count(gauges.agent_bytes),
            agent_bytes_cap: bound::count(gauges.agent_bytes_cap),
            viewers: gauges.viewers,
            stacks_lost: bound::count(gauges.stacks_lost),
            resources: bound::count(gauges.resources),
            resources_untracked: bound::count(gauges.resources_untracked),
            waiting_omitted: bound::count(gauges.waiting_omitted),
            blocking: gauges.blocking.map(|pool| v1::BlockingPool {
                threads: bound::count(pool.threads),
                idle: bound::count(pool.idle),
                queued: bound::count(pool.queued),
            }),
        }
    }
}

impl TryFrom<v1::Gauges> for Gauges {
    type Error = DecodeError;

    fn try_from(wire: v1::Gauges) -> Result<Self, DecodeError> {
        Ok(Self {
            tracked: read::count(wire.tracked, "tracked")?,
            alive: read::optional_count(wire.alive, "alive")?,
            countable: read::optional_count(wire.countable, "countable")?,
            own_tasks: read::count(wire.own_tasks, "own_tasks")?,
            untracked: read::count(wire.untracked, "untracked")?,
            unaccounted: read::count(wire.unaccounted, "unaccounted")?,
            spawned: read::count(wire.spawned, "spawned")?,
            ended: read::count(wire.ended, "ended")?,
            zombies: read::count(wire.zombies, "zombies")?,
            workers: wire.workers,
            last_poll: read::moment(wire.last_poll_ns),
            longest_poll: wire.longest_poll.map(|poll| (TaskId(poll.task), Moment(poll.since_ns))),
            rss_bytes: read::optional_count(wire.rss_bytes, "rss_bytes")?,
            open_sockets: read::optional_count(wire.open_sockets, "open_sockets")?,
            agent_cpu: wire.agent_cpu_ns.map(Duration::from_nanos),
            agent_bytes: read::count(wire.agent_bytes, "agent_bytes")?,
            agent_bytes_cap: read::count(wire.agent_bytes_cap, "agent_bytes_cap")?,
            viewers: wire.viewers,
            stacks_lost: read::count(wire.stacks_lost, "stacks_lost")?,
            resources: read::count(wire.resources, "resources")?,
            resources_untracked: read::count(wire.resources_untracked, "resources_untracked")?,
            waiting_omitted: read::count(wire.waiting_omitted, "waiting_omitted")?,
            blocking: read::optional(wire.blocking, "blocking")?,
        })
    }
}

impl TryFrom<v1::BlockingPool> for BlockingPool {
    type Error = DecodeError;

    fn try_from(wire: v1::BlockingPool) -> Result<Self, DecodeError> {
        Ok(Self {
            threads: read::count(wire.threads, "threads")?,
            idle: read::count(wire.idle, "idle")?,
            queued: read::count(wire.queued, "queued")?,
        })
    }
}
