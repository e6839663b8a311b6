//! All wrapped things, read once while others write, as facts.
//!
//! They are read before the tasks: a task that has not been polled since the poll in which it waited here has not
//! touched that wait since either.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering::Relaxed;

use stranded_analysis::facts::{
    Handle, Place, ResourceFacts, ResourceId, ResourceState, ResourceWait,
};

use super::channel::{Channel, State, Wait};
use super::told::Told;
use crate::registry::resources::mark::Mark;
use crate::registry::slot::Snapshot;
use crate::registry::{Registry, SlotId};

/// Set in the numbers of wrapped things, clear in those of Tokio's resources.
const WRAPPED: u64 = 1 << 63;
/// Wrapped things that are told, those first in which somebody has waited longest.
const MOST: usize = 4096;

/// What is known of all wrapped things.
#[derive(Debug, Default)]
pub(crate) struct Wrapped {
    /// Those in which somebody waits.
    resources: Vec<ResourceFacts>,
    /// What each task waits for, and in which of its polls that was seen.
    waits: HashMap<SlotId, Vec<(u64, ResourceWait)>>,
    /// Tasks that have handles for which others wait.
    holders: HashSet<SlotId>,
    told: HashMap<SlotId, Told>,
}

impl Wrapped {
    /// What the task waits for, as far as each wait keeps a waker that it has registered itself.
    pub(in crate::registry) fn waits(&self, task: &Snapshot) -> impl Iterator<Item = ResourceWait> {
        let known = self.waits.get(&task.id).filter(|_| task.parked());
        let polls = task.polls();
        known.into_iter().flatten().filter(move |(poll, _)| *poll == polls).map(|(_, wait)| *wait)
    }

    /// Tasks that have handles for which others wait; some may have ended.
    pub(crate) fn holders(&self) -> impl Iterator<Item = SlotId> {
        self.holders.iter().copied()
    }

    /// Whether, and when, the task was told to stop.
    pub(crate) fn told(&self, task: SlotId) -> Option<&Told> {
        self.told.get(&task)
    }

    /// The things in which somebody waits.
    pub(crate) fn into_resources(self) -> Vec<ResourceFacts> {
        self.resources
    }
}

impl Registry {
    /// Whether anything wrapped has been created.
    pub(crate) fn has_wrapped(&self) -> bool {
        self.handles.numbered.load(Relaxed) != 0
    }

    /// Reads all wrapped things.
    pub(crate) fn wrapped(&self) -> Wrapped {
        let mut wrapped = Wrapped::default();
        for channel in self.handles.all() {
            let state = channel.state();
            self.read_channel(&channel, &state, &mut wrapped);
        }
        wrapped.resources.sort_unstable_by_key(|it| (it.waiting_since, it.id));
        wrapped.resources.truncate(MOST);
        wrapped.resources.sort_unstable_by_key(|it| it.id);
        wrapped
    }

    fn read_channel(&self, channel: &Channel, state: &State, wrapped: &mut Wrapped) {
        self.read_cancellation(channel, state, wrapped);
        let waits: Vec<&Wait> = state.waits.iter().filter(|wait| self.stands(wait)).collect();
        let Some(waiting_since) = waits.iter().map(|wait| wait.since).min() else {
            return;
        };
        let id = ResourceId(WRAPPED | channel.number);
        let tasks: HashSet<SlotId> = waits.iter().filter_map(|wait| wait.task.id()).collect();
        for wait in waits.iter().filter(|wait| wait.armed) {
            let wait_facts = ResourceWait { resource: id, wants: wait.wants, since: wait.since };
            if let Some(task) = wait.task.id() {
                wrapped.waits.entry(task).or_default().push((wait.poll, wait_facts));
            }
        }
        let holders = state.ends.iter().filter_map(|end| end.task);
        wrapped.holders.extend(holders.clone().filter_map(Mark::id));
        let touched = holders.chain(state.takers.iter().copied()).filter_map(Mark::id);
        let touched: HashSet<SlotId> = touched.chain(tasks.iter().copied()).collect();
        wrapped.resources.push(ResourceFacts {
            id,
            kind: channel.kind,
            place: Some(place(channel)),
            created: channel.created,
            created_by: channel.created_by.and_then(|by| self.task_ref(by)),
            state: ResourceState::Channel {
                senders: state.senders,
                receivers: state.receivers,
                closed: state.closed,
            },
            holders: Vec::new(),
            unknown_holders: 0,
            granted: Vec::new(),
            handles: state
                .ends
                .iter()
                .map(|end| Handle {
                    side: end.side,
                    task: end.task.and_then(|by| self.task_ref(by)),
                    used: end.used,
                    moved: end.moved,
                })
                .collect(),
            waiting: tasks.len() as u64,
            waiting_since: Some(waiting_since),
            handed_over: channel.handed(),
            last_takers: state.takers.iter().filter_map(|by| self.task_ref(*by)).collect(),
            touched_by: Some(touched.into_iter().filter(|id| self.is_alive(*id)).count() as u64),
        });
    }

    /// The first cancellation of a task counts.
    fn read_cancellation(&self, channel: &Channel, state: &State, wrapped: &mut Wrapped) {
        let Some(cancelled) = state.cancelled else { return };
        let alive = state.waited.iter().filter(|(task, _)| self.is_marked_alive(*task));
        for (id, woken) in alive.filter_map(|(task, woken)| Some((task.id()?, woken))) {
            let told = Told {
                woken: *woken,
                at: cancelled.at,
                by: cancelled.by.and_then(|by| self.task_ref(by)),
                token: place(channel),
            };
            let known = wrapped.told.entry(id).or_insert_with(|| told.clone());
            if told.at < known.at {
                *known = told;
            }
        }
    }

    /// Whether the wait's task has not been polled since.
    pub(super) fn stands(&self, wait: &Wait) -> bool {
        wait.task.id().is_some_and(|id| self.polls(id) == Some(wait.poll))
    }

    pub(super) fn is_marked_alive(&self, task: Mark) -> bool {
        task.id().is_some_and(|id| self.is_alive(id))
    }
}

fn place(channel: &Channel) -> Place {
    Place {
        file: channel.place.file().to_owned(),
        line: channel.place.line(),
        column: channel.place.column(),
    }
}
