//! The record of a task that did something to a resource, which outlives the task's slot.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::super::SlotId;
use crate::context::PolledTask;

/// Where a record has the task's site; Tokio's number of it is below.
const SITE_SHIFT: u32 = 48;
const NUMBER_MASK: u64 = (1 << SITE_SHIFT) - 1;

/// A task: its slot id, and what is left to say of it once that slot is somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its slot id.
    pub(in super::super) raw: u64,
    /// Its site and Tokio's number of it.
    pub(super) label: u64,
}

impl Mark {
    /// The mark of a task under poll.
    pub(in super::super) fn of(task: PolledTask) -> Self {
        let label = u64::from(task.site) << SITE_SHIFT | task.number & NUMBER_MASK;
        Self { raw: task.id.raw(), label }
    }

    /// The task's slot id.
    pub(in super::super) fn id(self) -> Option<SlotId> {
        SlotId::from_raw(self.raw)
    }

    /// Tokio's number of the task.
    pub(in super::super) fn number(self) -> u64 {
        self.label & NUMBER_MASK
    }

    /// The task's site.
    pub(in super::super) fn site(self) -> u32 {
        (self.label >> SITE_SHIFT) as u32
    }
}

/// A place for a mark. Two words: a reader may see one of this and one of that, for a moment.
#[derive(Debug, Default)]
pub(super) struct AtomicMark {
    raw: AtomicU64,
    label: AtomicU64,
}

impl AtomicMark {
    pub(super) fn store(&self, mark: Option<Mark>) {
        self.label.store(mark.map_or(0, |mark| mark.label), Relaxed);
        self.raw.store(mark.map_or(0, |mark| mark.raw), Relaxed);
    }

    pub(super) fn load(&self) -> Option<Mark> {
        let raw = self.raw.load(Relaxed);
        (raw != 0).then(|| Mark { raw, label: self.label.load(Relaxed) })
    }

    /// Whether it is of the task with that slot id.
    pub(super) fn is(&self, raw: u64) -> bool {
        self.raw.load(Relaxed) == raw
    }
}
