//! Who waits for each resource, whatever way, and who was let in without taking it up.

use std::collections::HashMap;

use stranded_analysis::facts::{
    Grant, Hold, Holder, Moment, ResourceFacts, ResourceKind, ResourceState, TaskRef,
};

use super::ThingId;
use super::holders::Held;
use super::mark::Mark;
use super::reading::{Known, Reading};
use crate::registry::Registry;

/// What stands before one resource.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Queue {
    /// Tasks that wait, and since when the first.
    waiting: u64,
    since: Option<Moment>,
    /// Whether its semaphore has a queue.
    queued: bool,
    /// Writers that wait where the task does not tell.
    hidden_writers: u64,
    /// Who was let in; `None`: it is not a task's.
    granted: Vec<(Option<Mark>, Moment)>,
}

/// The queues of all resources but timers.
#[derive(Debug, Default)]
pub(in super::super) struct Queues(HashMap<ThingId, Queue>);

impl Queues {
    /// Reads them off all operations. `tells`: whether the operation keeps a waker of that task.
    pub(in super::super) fn of(reading: &Reading<'_>, polls: impl Fn(Mark) -> Option<u64>) -> Self {
        let mut queues = HashMap::<ThingId, Queue>::new();
        let mut waiting = Vec::new();
        for (op, resource) in reading.all().filter(|(_, resource)| !resource.is_timer()) {
            let task = op.task.and_then(|task| Some((task, polls(task)?)));
            let queue = queues.entry(resource.id).or_default();
            if let Some(at) = op.granted() {
                queue.granted.push((task.map(|(task, _)| task), at));
                continue;
            }
            queue.queued |= op.is_queued();
            let wants = op.source.wants(resource.kind(), op.requested);
            let shown = task.is_some_and(|(_, polls)| op.keeps_waker(polls));
            if op.is_queued() && wants == Hold::Exclusive && !shown {
                queue.hidden_writers += 1;
            }
            let Some((task, _)) = task else { continue };
            // Of a lock, the operation around the one that queues waits for nothing itself.
            if op.is_queued() || !op.source.is_lock() {
                waiting.push((resource.id, task.raw, op.since()));
            }
        }
        waiting.sort_unstable_by_key(|(id, task, since)| (id.raw(), *task, *since));
        waiting.dedup_by_key(|(id, task, _)| (*id, *task));
        for (id, _, since) in waiting {
            let queue = queues.entry(id).or_default();
            queue.waiting += 1;
            queue.since = Some(queue.since.map_or(since, |first| first.min(since)));
        }
        Self(queues)
    }

    /// The resources that somebody waits for, or was let in to.
    pub(in super::super) fn resources(&self) -> impl Iterator<Item = ThingId> {
        self.0.keys().copied()
    }

    /// The tasks that were let in to it and have not taken it up.
    pub(in super::super) fn granted(&self, id: ThingId) -> impl Iterator<Item = Mark> {
        self.0.get(&id).into_iter().flat_map(|queue| &queue.granted).filter_map(|(task, _)| *task)
    }
}

impl Registry {
    /// The tasks that hold a resource, as far as known.
    pub(in super::super) fn holders(
        &self,
        reading: &Reading<'_>,
        id: ThingId,
    ) -> impl Iterator<Item = Mark> {
        let held = reading.resource(id).map(|resource| held(&resource)).unwrap_or_default();
        held.by.into_iter().filter_map(|taking| taking.by)
    }

    /// A task that something refers to.
    pub(in super::super) fn task_ref(&self, mark: Mark) -> Option<TaskRef> {
        let id = mark.id()?;
        let site = stranded_analysis::facts::SiteId(mark.site());
        let alive = self.is_alive(id);
        Some(TaskRef { id: Self::task_id(id, mark.number()), site: Some(site), alive })
    }

    /// A resource as facts.
    pub(in super::super) fn resource_facts(
        &self,
        reading: &Reading<'_>,
        queues: &Queues,
        resource: &Known<'_>,
    ) -> ResourceFacts {
        let queue = queues.0.get(&resource.id).cloned().unwrap_or_default();
        let (created, creator) = resource.whole.created();
        let held = held(resource);
        let state = resource.part.state(&held, queue.queued);
        let task = |mark: Mark| self.task_ref(mark);
        let holders: Vec<Holder> = held
            .by
            .iter()
            .map(|taking| Holder {
                task: taking.by.and_then(task),
                hold: match resource.kind() {
                    ResourceKind::OnceCell => Hold::Permits(1),
                    _ if taking.shared => Hold::Shared,
                    _ => Hold::Exclusive,
                },
                since: Some(taking.at),
                movable: taking.movable,
            })
            .collect();
        // A reader that waits behind a writer gets in as soon as that writer gives up. Where the writer's own task
        // does not show that it waits, that can be any time.
        let readers_only = matches!(state, ResourceState::ReadWrite { writer: false, .. });
        let hidden = if readers_only { queue.hidden_writers } else { 0 };
        ResourceFacts {
            id: resource.number(),
            kind: resource.kind(),
            place: reading.place(resource.whole.place()).cloned(),
            created,
            created_by: creator.and_then(task),
            state,
            unknown_holders: held.count - holders.len() as u64 + hidden,
            holders,
            granted: queue
                .granted
                .iter()
                .map(|(mark, at)| Grant { task: mark.and_then(task), at: *at })
                .collect(),
            handles: Vec::new(),
            waiting: queue.waiting,
            waiting_since: queue.since,
            handed_over: resource.part.handed_over(),
            last_takers: resource.part.takers().latest().filter_map(task).collect(),
            touched_by: (resource.kind() == ResourceKind::Barrier)
                .then(|| self.touched_by(resource))
                .flatten(),
        }
    }

    /// Live tasks that ever touched a barrier; `None`: too many to tell.
    fn touched_by(&self, barrier: &Known<'_>) -> Option<u64> {
        let touched = barrier.part.holders().read();
        let alive = |mark: Mark| mark.id().is_some_and(|id| self.is_alive(id));
        let alive = touched.by.iter().filter_map(|by| by.by).filter(|mark| alive(*mark)).count();
        (touched.count == touched.by.len() as u64).then_some(alive as u64)
    }
}

/// Who holds a resource; nobody, where that cannot be said of its kind.
fn held(resource: &Known<'_>) -> Held {
    match resource.kind() {
        ResourceKind::Mutex | ResourceKind::RwLock | ResourceKind::OnceCell => {
            resource.part.holders().read()
        }
        _ => Held::default(),
    }
}
