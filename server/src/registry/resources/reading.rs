//! All operations, read once while others write, and what they say of tasks and of resources.
//!
//! Operations are read before the tasks: then a task that has not been polled since the poll in which an operation
//! was polled has not touched that operation since either.

use std::sync::atomic::Ordering::Relaxed;

use stranded_analysis::facts::{Hold, Moment, ResourceId, ResourceKind};

use super::op::SeenOp;
use super::resource::ResourceSlot;
use super::{Resources, ThingId};
use crate::registry::SlotId;
use crate::registry::slot::Snapshot;

/// One wait of a task: an operation that keeps a waker of it.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Waiting<'a> {
    pub(in super::super) resource: Known<'a>,
    pub(in super::super) wants: Hold,
    pub(in super::super) since: Moment,
}

/// A resource as people know it, and the part of it that the operation is on.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Known<'a> {
    /// Where its number, place and creation stand.
    pub(super) whole: &'a ResourceSlot,
    /// Where its state stands; of an interval, the timer inside it.
    pub(super) part: &'a ResourceSlot,
    /// The id of that part.
    pub(in super::super) id: ThingId,
}

impl Known<'_> {
    pub(in super::super) fn number(&self) -> ResourceId {
        ResourceId(self.whole.number())
    }

    pub(in super::super) fn kind(&self) -> ResourceKind {
        self.part.kind()
    }

    pub(in super::super) fn is_timer(&self) -> bool {
        matches!(self.kind(), ResourceKind::Sleep | ResourceKind::Interval)
    }

    /// When it fires, if it is a timer.
    pub(in super::super) fn due(&self) -> Option<Moment> {
        self.part.due().filter(|_| self.is_timer())
    }
}

/// All operations of all tasks.
#[derive(Debug)]
pub(in super::super) struct Reading<'a> {
    all: &'a Resources,
    /// Each with the place of the next one of its task, plus 1.
    ops: Vec<(SeenOp, u32)>,
    /// By the slot of the task: the place of its first operation, plus 1.
    first: Vec<u32>,
}

impl Resources {
    /// Reads all operations. `tasks`: slots of tasks that were ever used.
    pub(in super::super) fn read(&self, tasks: u32) -> Reading<'_> {
        let mut reading = Reading { all: self, ops: Vec::new(), first: Vec::new() };
        for (slot, _) in (0..self.ops.used()).filter_map(|index| self.ops.at(index)) {
            let Some(op) = slot.read().filter(SeenOp::is_pending) else { continue };
            if reading.first.is_empty() {
                reading.first.resize(tasks as usize, 0);
            }
            let task = op.task.and_then(super::mark::Mark::id);
            let first = task.and_then(|task| reading.first.get_mut(task.index() as usize));
            // One that no task polls stands in its queue all the same.
            let place = reading.ops.len() as u32 + 1;
            let next = first.map_or(0, |first| std::mem::replace(first, place));
            reading.ops.push((op, next));
        }
        reading
    }

    /// The resource, if all that happened to it was seen.
    fn known(&self, id: ThingId) -> Option<Known<'_>> {
        let is_known = |slot: &&ResourceSlot| slot.era.load(Relaxed) == self.level.era(slot.kind());
        let part = self.resource(id).filter(is_known)?;
        let owner = part.owner().and_then(|owner| self.resource(owner)).filter(is_known);
        Some(Known { whole: owner.unwrap_or(part), part, id })
    }
}

impl<'a> Reading<'a> {
    /// The operations that are pending in the task.
    fn pending(&self, task: SlotId) -> impl Iterator<Item = &SeenOp> {
        let first = self.first.get(task.index() as usize).copied().unwrap_or(0);
        let at = |place: u32| self.ops.get((place as usize).checked_sub(1)?);
        std::iter::successors(at(first), move |(_, next)| at(*next))
            .map(|(op, _)| op)
            .filter(move |op| op.task.is_some_and(|mark| mark.raw == task.raw()))
    }

    /// What the task waits for, as far as each wait keeps a waker that it has registered itself.
    pub(in super::super) fn waits(&self, task: &Snapshot) -> impl Iterator<Item = Waiting<'a>> {
        let (all, poll) = (self.all, task.polls());
        let parked = task.parked();
        self.pending(task.id).filter(move |op| parked && op.keeps_waker(poll)).filter_map(
            move |op| {
                let resource = all.known(op.resource?)?;
                let wants = op.source.wants(resource.kind(), op.requested);
                Some(Waiting { resource, wants, since: op.since() })
            },
        )
    }

    /// The timers of the task, be it that it polls them itself or through a set of futures.
    pub(in super::super) fn timers(&self, task: SlotId) -> impl Iterator<Item = Moment> {
        self.pending(task).filter_map(|op| self.all.known(op.resource?)?.due())
    }

    /// Every pending operation on a resource that is known, with its task.
    pub(super) fn all(&self) -> impl Iterator<Item = (&SeenOp, Known<'a>)> {
        self.ops.iter().filter_map(|(op, _)| Some((op, self.all.known(op.resource?)?)))
    }

    pub(in super::super) fn resource(&self, id: ThingId) -> Option<Known<'a>> {
        self.all.known(id)
    }

    pub(super) fn place(&self, number: u32) -> Option<&'a stranded_analysis::facts::Place> {
        self.all.places.get(number)
    }
}
