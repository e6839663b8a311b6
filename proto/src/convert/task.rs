//! Task rows.

use std::time::Duration;

use stranded_analysis::facts::{
    Ending, Moment, Registration, Scope, SiteId, StackId, TaskFacts, TaskId, TaskState, Wake,
    WakeSource, Wakers,
};

use super::{DecodeError, Fault, bound, read};
use crate::limits::{MAX_NAME_BYTES, MAX_REGISTRATIONS};
use crate::v1;

impl From<&TaskFacts> for v1::Task {
    fn from(task: &TaskFacts) -> Self {
        Self {
            id: task.id.0,
            tokio_id: task.tokio_id,
            site: task.site.0,
            name: task.name.as_deref().map(|name| bound::text(name, MAX_NAME_BYTES)),
            state: v1::TaskState::from(task.state).into(),
            spawned_ns: task.spawned.0,
            spawner: task.spawner.map(|task| task.0),
            spawner_site: task.spawner_site.map(|site| site.0),
            spawner_alive: task.spawner_alive,
            polls: bound::count(task.polls),
            last_poll_ns: bound::moment(task.last_poll),
            parked_since_ns: bound::moment(task.parked_since),
            busy_ns: bound::nanos(task.busy),
            scheduled_ns: bound::nanos(task.scheduled),
            wakers: task.wakers.map(v1::Wakers::from),
            unaccounted: task.unaccounted,
            last_wake: task.last_wake.map(v1::Wake::from),
            registrations: bound::list(&task.registrations, MAX_REGISTRATIONS)
                .0
                .iter()
                .map(v1::Registration::from)
                .collect(),
            future_bytes: task.future_bytes.map(bound::count),
            original_bytes: task.original_bytes.map(bound::count),
            scope: task.scope.as_ref().map(v1::Scope::from),
            stranded_since_ns: bound::moment(task.stranded_since),
            own: task.own,
        }
    }
}

impl TryFrom<v1::Task> for TaskFacts {
    type Error = DecodeError;

    fn try_from(wire: v1::Task) -> Result<Self, DecodeError> {
        let state = wire.state().into();
        Ok(Self {
            id: TaskId(wire.id),
            tokio_id: wire.tokio_id,
            site: SiteId(wire.site),
            name: read::optional_text(wire.name, "name", MAX_NAME_BYTES)?,
            state,
            spawned: Moment(wire.spawned_ns),
            spawner: wire.spawner.map(TaskId),
            spawner_site: wire.spawner_site.map(SiteId),
            spawner_alive: wire.spawner_alive,
            polls: read::count(wire.polls, "polls")?,
            last_poll: read::moment(wire.last_poll_ns),
            parked_since: read::moment(wire.parked_since_ns),
            busy: Duration::from_nanos(wire.busy_ns),
            scheduled: Duration::from_nanos(wire.scheduled_ns),
            wakers: read::optional(wire.wakers, "wakers")?,
            unaccounted: wire.unaccounted,
            last_wake: read::optional(wire.last_wake, "last_wake")?,
            registrations: read::each(wire.registrations, "registrations", MAX_REGISTRATIONS)?,
            future_bytes: read::optional_count(wire.future_bytes, "future_bytes")?,
            original_bytes: read::optional_count(wire.original_bytes, "original_bytes")?,
            scope: read::optional(wire.scope, "scope")?,
            stranded_since: read::moment(wire.stranded_since_ns),
            own: wire.own,
        })
    }
}

impl From<TaskState> for v1::TaskState {
    fn from(state: TaskState) -> Self {
        match state {
            TaskState::Running => Self::Running,
            TaskState::Scheduled => Self::Scheduled,
            TaskState::Parked => Self::Parked,
            TaskState::Unknown => Self::Unspecified,
        }
    }
}

impl From<v1::TaskState> for TaskState {
    fn from(wire: v1::TaskState) -> Self {
        match wire {
            v1::TaskState::Running => Self::Running,
            v1::TaskState::Scheduled => Self::Scheduled,
            v1::TaskState::Parked => Self::Parked,
            v1::TaskState::Unspecified => Self::Unknown,
        }
    }
}

impl From<Ending> for v1::Ending {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Returned => Self::Returned,
            Ending::Cancelled => Self::Cancelled,
            Ending::Panicked => Self::Panicked,
            Ending::Unknown => Self::Unspecified,
        }
    }
}

impl From<v1::Ending> for Ending {
    fn from(wire: v1::Ending) -> Self {
        match wire {
            v1::Ending::Returned => Self::Returned,
            v1::Ending::Cancelled => Self::Cancelled,
            v1::Ending::Panicked => Self::Panicked,
            v1::Ending::Unspecified => Self::Unknown,
        }
    }
}

impl From<Wakers> for v1::Wakers {
    fn from(wakers: Wakers) -> Self {
        Self {
            live: bound::count(wakers.live),
            clones: bound::count(wakers.clones),
            drops: bound::count(wakers.drops),
            wakes: bound::count(wakers.wakes),
            self_wakes: bound::count(wakers.self_wakes),
        }
    }
}

impl TryFrom<v1::Wakers> for Wakers {
    type Error = DecodeError;

    /// The counts are not held against each other: the agent reads them one by one while the task runs.
    fn try_from(wire: v1::Wakers) -> Result<Self, DecodeError> {
        Ok(Self {
            live: read::count(wire.live, "live")?,
            clones: read::count(wire.clones, "clones")?,
            drops: read::count(wire.drops, "drops")?,
            wakes: read::count(wire.wakes, "wakes")?,
            self_wakes: read::count(wire.self_wakes, "self_wakes")?,
        })
    }
}

impl From<Wake> for v1::Wake {
    fn from(wake: Wake) -> Self {
        let (by, task, site) = match wake.by {
            WakeSource::Task(task, site) => (v1::WakeSource::Task, Some(task), site),
            WakeSource::Driver => (v1::WakeSource::Driver, None, None),
            WakeSource::Thread => (v1::WakeSource::Thread, None, None),
            WakeSource::Unknown => (v1::WakeSource::Unspecified, None, None),
        };
        Self {
            at_ns: wake.at.0,
            by: by.into(),
            task: task.map(|task| task.0),
            site: site.map(|site| site.0),
        }
    }
}

impl TryFrom<v1::Wake> for Wake {
    type Error = DecodeError;

    fn try_from(wire: v1::Wake) -> Result<Self, DecodeError> {
        let by = match wire.by() {
            v1::WakeSource::Task => WakeSource::Task(
                wire.task.map(TaskId).ok_or_else(|| DecodeError::new("task", Fault::Missing))?,
                wire.site.map(SiteId),
            ),
            v1::WakeSource::Driver => WakeSource::Driver,
            v1::WakeSource::Thread => WakeSource::Thread,
            v1::WakeSource::Unspecified => WakeSource::Unknown,
        };
        Ok(Self { at: Moment(wire.at_ns), by })
    }
}

impl From<&Registration> for v1::Registration {
    fn from(registration: &Registration) -> Self {
        Self { stack: registration.stack.0, poll: bound::count(registration.poll) }
    }
}

impl TryFrom<v1::Registration> for Registration {
    type Error = DecodeError;

    fn try_from(wire: v1::Registration) -> Result<Self, DecodeError> {
        Ok(Self { stack: StackId(wire.stack), poll: read::count(wire.poll, "poll")? })
    }
}

impl From<&Scope> for v1::Scope {
    fn from(scope: &Scope) -> Self {
        Self {
            name: bound::text(&scope.name, MAX_NAME_BYTES),
            opener: scope.opener.map(|task| task.0),
            ended_ns: bound::moment(scope.ended),
        }
    }
}

impl TryFrom<v1::Scope> for Scope {
    type Error = DecodeError;

    fn try_from(wire: v1::Scope) -> Result<Self, DecodeError> {
        Ok(Self {
            name: read::text(wire.name, "name", MAX_NAME_BYTES)?,
            opener: wire.opener.map(TaskId),
            ended: read::moment(wire.ended_ns),
        })
    }
}
