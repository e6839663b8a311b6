//! The wait graph.

use stranded_analysis::facts::{Moment, ResourceId, ResourceWait, SiteId, TaskId, WaitingTask};

use super::{DecodeError, bound, read};
use crate::limits::{MAX_REGISTRATIONS, MAX_WAITS};
use crate::v1;

/// Operations beyond the bound are left out: what is not listed counts as held by something unseen.
impl From<&WaitingTask> for v1::WaitingTask {
    fn from(task: &WaitingTask) -> Self {
        Self {
            id: task.id.0,
            site: task.site.0,
            state: v1::TaskState::from(task.state).into(),
            polls: bound::count(task.polls),
            parked_since_ns: bound::moment(task.parked_since),
            settled_since_ns: bound::moment(task.settled_since),
            wakers: task.wakers.map(bound::count),
            waits: bound::list(&task.waits, MAX_WAITS)
                .0
                .iter()
                .map(|wait| v1::ResourceWait {
                    resource: wait.resource.0,
                    wants: Some(wait.wants.into()),
                    since_ns: wait.since.0,
                })
                .collect(),
            only_child: task.only_child.map(|child| child.0),
            passed_on_ns: bound::moment(task.passed_on),
            registrations: bound::list(&task.registrations, MAX_REGISTRATIONS)
                .0
                .iter()
                .map(v1::Registration::from)
                .collect(),
        }
    }
}

impl TryFrom<v1::WaitingTask> for WaitingTask {
    type Error = DecodeError;

    fn try_from(wire: v1::WaitingTask) -> Result<Self, DecodeError> {
        let state = wire.state().into();
        Ok(Self {
            id: TaskId(wire.id),
            site: SiteId(wire.site),
            state,
            polls: read::count(wire.polls, "polls")?,
            parked_since: read::moment(wire.parked_since_ns),
            settled_since: read::moment(wire.settled_since_ns),
            wakers: read::optional_count(wire.wakers, "wakers")?,
            waits: read::each(wire.waits, "waits", MAX_WAITS)?,
            only_child: wire.only_child.map(TaskId),
            passed_on: read::moment(wire.passed_on_ns),
            registrations: read::each(wire.registrations, "registrations", MAX_REGISTRATIONS)?,
        })
    }
}

impl TryFrom<v1::ResourceWait> for ResourceWait {
    type Error = DecodeError;

    fn try_from(wire: v1::ResourceWait) -> Result<Self, DecodeError> {
        Ok(Self {
            resource: ResourceId(wire.resource),
            wants: read::required(wire.wants, "wants")?,
            since: Moment(wire.since_ns),
        })
    }
}
