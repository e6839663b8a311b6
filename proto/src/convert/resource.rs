//! Resources.

use stranded_analysis::facts::{
    Grant, Handle, Hold, Holder, Moment, Place, ResourceFacts, ResourceId, ResourceKind,
    ResourceState, Side, SiteId, TaskId, TaskRef,
};

use super::{DecodeError, bound, read};
use crate::limits::{MAX_GRANTS, MAX_HANDLES, MAX_HOLDERS, MAX_NAME_BYTES, MAX_TAKERS};
use crate::v1;

/// Holders, grants and handles beyond the bounds count as unknown holders: nothing is concluded without them.
impl From<&ResourceFacts> for v1::Resource {
    fn from(resource: &ResourceFacts) -> Self {
        let (holders, more_holders) = bound::list(&resource.holders, MAX_HOLDERS);
        let (granted, more_granted) = bound::list(&resource.granted, MAX_GRANTS);
        let (handles, more_handles) = bound::list(&resource.handles, MAX_HANDLES);
        let left_out = (more_holders + more_granted + more_handles) as u64;
        Self {
            id: resource.id.0,
            kind: v1::ResourceKind::from(resource.kind).into(),
            place: resource.place.as_ref().map(v1::Place::from),
            created_ns: resource.created.0,
            created_by: resource.created_by.map(v1::TaskRef::from),
            state: state(resource.state),
            holders: holders.iter().map(v1::Holder::from).collect(),
            unknown_holders: bound::count(resource.unknown_holders.saturating_add(left_out)),
            granted: granted.iter().map(v1::Grant::from).collect(),
            handles: handles.iter().map(v1::Handle::from).collect(),
            waiting: bound::count(resource.waiting),
            waiting_since_ns: bound::moment(resource.waiting_since),
            handed_over_ns: bound::moment(resource.handed_over),
            last_takers: bound::list(&resource.last_takers, MAX_TAKERS)
                .0
                .iter()
                .map(|&task| task.into())
                .collect(),
            touched_by: resource.touched_by.map(bound::count),
        }
    }
}

impl TryFrom<v1::Resource> for ResourceFacts {
    type Error = DecodeError;

    fn try_from(wire: v1::Resource) -> Result<Self, DecodeError> {
        let kind = wire.kind().into();
        Ok(Self {
            id: ResourceId(wire.id),
            kind,
            place: read::optional(wire.place, "place")?,
            created: Moment(wire.created_ns),
            created_by: wire.created_by.map(TaskRef::from),
            state: read::optional(wire.state, "state")?.unwrap_or(ResourceState::Unknown),
            holders: read::each(wire.holders, "holders", MAX_HOLDERS)?,
            unknown_holders: read::count(wire.unknown_holders, "unknown_holders")?,
            granted: read::at_most(wire.granted, "granted", MAX_GRANTS)?
                .into_iter()
                .map(Grant::from)
                .collect(),
            handles: read::at_most(wire.handles, "handles", MAX_HANDLES)?
                .into_iter()
                .map(Handle::from)
                .collect(),
            waiting: read::count(wire.waiting, "waiting")?,
            waiting_since: read::moment(wire.waiting_since_ns),
            handed_over: read::moment(wire.handed_over_ns),
            last_takers: read::at_most(wire.last_takers, "last_takers", MAX_TAKERS)?
                .into_iter()
                .map(TaskRef::from)
                .collect(),
            touched_by: read::optional_count(wire.touched_by, "touched_by")?,
        })
    }
}

/// The state on the wire; absent if unknown.
fn state(state: ResourceState) -> Option<v1::resource::State> {
    use v1::resource::State;

    Some(match state {
        ResourceState::Locked(locked) => State::Locked(locked),
        ResourceState::ReadWrite { writer, readers } => {
            State::ReadWrite(v1::ReadWrite { writer, readers: bound::count(readers) })
        }
        ResourceState::Permits { available, capacity } => State::Permits(v1::Permits {
            available: bound::count(available),
            capacity: capacity.map(bound::count),
        }),
        ResourceState::Barrier { size, arrived } => State::Barrier(v1::BarrierState {
            size: bound::count(size),
            arrived: bound::count(arrived),
        }),
        ResourceState::Oneshot { sent, tx_dropped, rx_dropped } => {
            State::Oneshot(v1::OneshotState { sent, tx_dropped, rx_dropped })
        }
        ResourceState::Timer { due } => State::Timer(v1::TimerState { due_ns: bound::moment(due) }),
        ResourceState::Channel { senders, receivers, closed } => State::Channel(v1::ChannelState {
            senders: bound::count(senders),
            receivers: bound::count(receivers),
            closed,
        }),
        ResourceState::Unknown => return None,
    })
}

impl TryFrom<v1::resource::State> for ResourceState {
    type Error = DecodeError;

    /// The numbers of one state are not held against each other: the agent reads them one by one.
    fn try_from(wire: v1::resource::State) -> Result<Self, DecodeError> {
        use v1::resource::State;

        Ok(match wire {
            State::Locked(locked) => Self::Locked(locked),
            State::ReadWrite(lock) => Self::ReadWrite {
                writer: lock.writer,
                readers: read::count(lock.readers, "readers")?,
            },
            State::Permits(permits) => Self::Permits {
                available: read::count(permits.available, "available")?,
                capacity: read::optional_count(permits.capacity, "capacity")?,
            },
            State::Barrier(barrier) => Self::Barrier {
                size: read::count(barrier.size, "size")?,
                arrived: read::count(barrier.arrived, "arrived")?,
            },
            State::Oneshot(v1::OneshotState { sent, tx_dropped, rx_dropped }) => {
                Self::Oneshot { sent, tx_dropped, rx_dropped }
            }
            State::Timer(timer) => Self::Timer { due: read::moment(timer.due_ns) },
            State::Channel(channel) => Self::Channel {
                senders: read::count(channel.senders, "senders")?,
                receivers: read::count(channel.receivers, "receivers")?,
                closed: channel.closed,
            },
        })
    }
}

impl From<ResourceKind> for v1::ResourceKind {
    fn from(kind: ResourceKind) -> Self {
        match kind {
            ResourceKind::Mutex => Self::Mutex,
            ResourceKind::RwLock => Self::RwLock,
            ResourceKind::Semaphore => Self::Semaphore,
            ResourceKind::OnceCell => Self::OnceCell,
            ResourceKind::ChannelRoom => Self::ChannelRoom,
            ResourceKind::Oneshot => Self::Oneshot,
            ResourceKind::Barrier => Self::Barrier,
            ResourceKind::Sleep => Self::Sleep,
            ResourceKind::Interval => Self::Interval,
            ResourceKind::Mpsc => Self::Mpsc,
            ResourceKind::Broadcast => Self::Broadcast,
            ResourceKind::Watch => Self::Watch,
            ResourceKind::Notify => Self::Notify,
            ResourceKind::Token => Self::Token,
            ResourceKind::Unknown => Self::Unspecified,
        }
    }
}

impl From<v1::ResourceKind> for ResourceKind {
    fn from(wire: v1::ResourceKind) -> Self {
        let known = |kind: &Self| v1::ResourceKind::from(*kind) == wire;
        Self::KNOWN.iter().copied().find(known).unwrap_or(Self::Unknown)
    }
}

impl From<&Place> for v1::Place {
    fn from(place: &Place) -> Self {
        Self {
            file: bound::text(&place.file, MAX_NAME_BYTES),
            line: place.line,
            column: place.column,
        }
    }
}

impl TryFrom<v1::Place> for Place {
    type Error = DecodeError;

    fn try_from(wire: v1::Place) -> Result<Self, DecodeError> {
        let file = read::text(wire.file, "file", MAX_NAME_BYTES)?;
        Ok(Self { file, line: wire.line, column: wire.column })
    }
}

impl From<TaskRef> for v1::TaskRef {
    fn from(task: TaskRef) -> Self {
        Self { id: task.id.0, site: task.site.map(|site| site.0), alive: task.alive }
    }
}

impl From<v1::TaskRef> for TaskRef {
    fn from(wire: v1::TaskRef) -> Self {
        Self { id: TaskId(wire.id), site: wire.site.map(SiteId), alive: wire.alive }
    }
}

impl From<Hold> for v1::Hold {
    fn from(hold: Hold) -> Self {
        let (kind, permits) = match hold {
            Hold::Exclusive => (v1::HoldKind::Exclusive, 0),
            Hold::Shared => (v1::HoldKind::Shared, 0),
            Hold::Permits(permits) => (v1::HoldKind::Permits, bound::count(permits)),
            Hold::Receive => (v1::HoldKind::Receive, 0),
            Hold::Send => (v1::HoldKind::Send, 0),
            Hold::Signal => (v1::HoldKind::Signal, 0),
            Hold::Unknown => (v1::HoldKind::Unspecified, 0),
        };
        Self { kind: kind.into(), permits }
    }
}

impl TryFrom<v1::Hold> for Hold {
    type Error = DecodeError;

    fn try_from(wire: v1::Hold) -> Result<Self, DecodeError> {
        Ok(match wire.kind() {
            v1::HoldKind::Exclusive => Self::Exclusive,
            v1::HoldKind::Shared => Self::Shared,
            v1::HoldKind::Permits => Self::Permits(read::count(wire.permits, "permits")?),
            v1::HoldKind::Receive => Self::Receive,
            v1::HoldKind::Send => Self::Send,
            v1::HoldKind::Signal => Self::Signal,
            v1::HoldKind::Unspecified => Self::Unknown,
        })
    }
}

impl From<&Holder> for v1::Holder {
    fn from(holder: &Holder) -> Self {
        Self {
            task: holder.task.map(v1::TaskRef::from),
            hold: Some(holder.hold.into()),
            since_ns: bound::moment(holder.since),
            movable: holder.movable,
        }
    }
}

impl TryFrom<v1::Holder> for Holder {
    type Error = DecodeError;

    fn try_from(wire: v1::Holder) -> Result<Self, DecodeError> {
        Ok(Self {
            task: wire.task.map(TaskRef::from),
            hold: read::required(wire.hold, "hold")?,
            since: read::moment(wire.since_ns),
            movable: wire.movable,
        })
    }
}

impl From<&Grant> for v1::Grant {
    fn from(grant: &Grant) -> Self {
        Self { task: grant.task.map(v1::TaskRef::from), at_ns: grant.at.0 }
    }
}

impl From<v1::Grant> for Grant {
    fn from(wire: v1::Grant) -> Self {
        Self { task: wire.task.map(TaskRef::from), at: Moment(wire.at_ns) }
    }
}

impl From<&Handle> for v1::Handle {
    fn from(handle: &Handle) -> Self {
        let side = match handle.side {
            Side::Send => v1::Side::Send,
            Side::Receive => v1::Side::Receive,
            Side::Unknown => v1::Side::Unspecified,
        };
        Self {
            side: side.into(),
            task: handle.task.map(v1::TaskRef::from),
            moved: handle.moved,
            used: handle.used,
        }
    }
}

impl From<v1::Handle> for Handle {
    fn from(wire: v1::Handle) -> Self {
        let side = match wire.side() {
            v1::Side::Send => Side::Send,
            v1::Side::Receive => Side::Receive,
            v1::Side::Unspecified => Side::Unknown,
        };
        Self { side, task: wire.task.map(TaskRef::from), moved: wire.moved, used: wire.used }
    }
}
