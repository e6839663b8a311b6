//! The wait graph of a scenario.
//!
//! A `[[update.resource]]` has a name that is only used inside the file. Its `holders` are `"41 6m"`: task and time,
//! then any of `read`, `movable`, `ended`; `"- 6m"` is a holder that is not known. `granted` is `"5 4m"`, `handles` are
//! `"send 12"` with any of `unused`, `moved`. An `[[update.waiting]]` is a task of the graph; its `waits` are
//! `"accounts"`, or `"accounts read"`.

use std::collections::HashMap;

use serde::Deserialize;
use stranded_analysis::facts::{
    Grant, Handle, Hold, Holder, Moment, Registration, ResourceFacts, ResourceId, ResourceKind,
    ResourceState, ResourceWait, Side, StackCount, TaskId, TaskRef, TaskState, UnpolledTask,
    WaitingTask, Worker, WorkerId, Zombies,
};

use super::{Names, histogram, moment, place, span};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceIn {
    name: String,
    kind: String,
    #[serde(default)]
    place: Option<String>,
    /// Created outside any task.
    #[serde(default)]
    outside: bool,
    /// A mutex that nobody holds.
    #[serde(default)]
    free: bool,
    /// Permits to be had, and in all.
    #[serde(default)]
    permits: Option<(u64, u64)>,
    /// Tasks that a barrier needs, and those that have arrived.
    #[serde(default)]
    barrier: Option<(u64, u64)>,
    /// When a timer fires.
    #[serde(default)]
    due: Option<String>,
    #[serde(default)]
    closed: bool,
    #[serde(default)]
    holders: Vec<String>,
    #[serde(default)]
    unknown_holders: u64,
    #[serde(default)]
    granted: Vec<String>,
    #[serde(default)]
    handles: Vec<String>,
    /// Tasks that wait for it and are not in the graph.
    #[serde(default)]
    omitted: u64,
    /// Tasks that wait for it; those of the graph and the omitted ones, unless said.
    #[serde(default)]
    waiting: Option<u64>,
    /// How long ago; since the first of the graph, unless said.
    #[serde(default)]
    waiting_since: Option<String>,
    #[serde(default)]
    handed_over: Option<String>,
    #[serde(default)]
    last_takers: Vec<u64>,
    #[serde(default)]
    touched_by: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitingIn {
    task: u64,
    site: String,
    #[serde(default)]
    waits: Vec<String>,
    parked: String,
    #[serde(default)]
    unsettled: bool,
    /// "running" or "scheduled"; parked, unless said.
    #[serde(default)]
    state: Option<String>,
    /// Live wakers; one for each wait, unless said.
    #[serde(default)]
    wakers: Option<u64>,
    #[serde(default)]
    unaccounted: bool,
    #[serde(default)]
    polls: Option<u64>,
    #[serde(default)]
    child: Option<u64>,
    /// How long ago it may have passed something on.
    #[serde(default)]
    passed_on: Option<String>,
    #[serde(default)]
    stacks: Vec<String>,
}

/// A task that was woken and not polled since.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WokenIn {
    task: u64,
    site: String,
    ago: String,
    /// The thread that woke it.
    #[serde(default)]
    on: Option<u32>,
    /// The thread that polled it last.
    #[serde(default)]
    polled_on: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkerIn {
    id: u32,
    /// How long ago its latest polls were.
    last_poll: String,
    #[serde(default)]
    last_local_poll: Option<String>,
}

impl WorkerIn {
    pub(super) fn at(&self, now: Moment) -> Worker {
        Worker {
            id: WorkerId(self.id),
            name: "tokio-runtime-worker".to_owned(),
            polling: None,
            last_poll: Some(now.back(span(&self.last_poll))),
            last_local_poll: self.last_local_poll.as_deref().map(|ago| now.back(span(ago))),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ZombiesIn {
    ended: Vec<String>,
    bytes: u64,
    #[serde(default)]
    stacks: Vec<String>,
}

impl Names {
    pub(super) fn woken(&mut self, input: &WokenIn, now: Moment) -> UnpolledTask {
        UnpolledTask {
            id: TaskId(input.task),
            site: self.site_id(&input.site),
            woken: now.back(span(&input.ago)),
            woken_on: input.on.map(WorkerId),
            polled_on: input.polled_on.map(WorkerId),
        }
    }

    pub(super) fn zombies(&mut self, input: &ZombiesIn) -> Zombies {
        let ended_ago = histogram(&input.ended);
        let tasks = ended_ago.count();
        let stacks =
            input.stacks.iter().map(|text| StackCount { stack: self.stack_id(text), tasks });
        let stacks = stacks.collect();
        Zombies { tasks, bytes: input.bytes, wakers: tasks, ended_ago, stacks }
    }

    pub(super) fn waiting(&mut self, input: &WaitingIn, now: Moment) -> WaitingTask {
        let polls = input.polls.unwrap_or(2);
        let waits: Vec<ResourceWait> = input
            .waits
            .iter()
            .map(|text| {
                let (name, how) = text.split_once(' ').unwrap_or((text, ""));
                ResourceWait {
                    resource: self.resource_id(name),
                    wants: hold(how, self.kinds[name]),
                    since: now.back(span(&input.parked)),
                }
            })
            .collect();
        let wakers = input.wakers.unwrap_or(waits.len() as u64);
        WaitingTask {
            id: TaskId(input.task),
            site: self.site_id(&input.site),
            state: match input.state.as_deref() {
                None => TaskState::Parked,
                Some("running") => TaskState::Running,
                Some("scheduled") => TaskState::Scheduled,
                Some(other) => panic!("no state {other}"),
            },
            polls,
            parked_since: Some(now.back(span(&input.parked))),
            settled_since: (!input.unsettled).then(|| now.back(span(&input.parked))),
            wakers: (!input.unaccounted).then_some(wakers),
            waits,
            only_child: input.child.map(TaskId),
            passed_on: input.passed_on.as_deref().map(|ago| now.back(span(ago))),
            registrations: input
                .stacks
                .iter()
                .map(|text| Registration { stack: self.stack_id(text), poll: polls })
                .collect(),
        }
    }

    pub(super) fn resource(
        &mut self,
        input: &ResourceIn,
        waiting: &[WaitingIn],
        now: Moment,
    ) -> ResourceFacts {
        let kind = *ResourceKind::KNOWN
            .iter()
            .find(|kind| kind.name() == input.kind)
            .unwrap_or_else(|| panic!("no kind {}", input.kind));
        self.kinds.insert(input.name.clone(), kind);
        let sites: HashMap<u64, &str> =
            waiting.iter().map(|task| (task.task, task.site.as_str())).collect();
        let mut task = |id: u64, alive: bool| TaskRef {
            id: TaskId(id),
            site: sites.get(&id).map(|site| self.site_id(site)),
            alive,
        };
        let holders: Vec<Holder> = input
            .holders
            .iter()
            .map(|text| {
                let words: Vec<&str> = text.split(' ').collect();
                let flag = |name: &str| words[2..].contains(&name);
                Holder {
                    task: words[0].parse().ok().map(|id| task(id, !flag("ended"))),
                    hold: hold(if flag("read") { "read" } else { "" }, kind),
                    since: Some(now.back(span(words[1]))),
                    movable: flag("movable"),
                }
            })
            .collect();
        let granted = input
            .granted
            .iter()
            .map(|text| {
                let (id, ago) = text.split_once(' ').expect("a grant is TASK AGO");
                Grant { task: id.parse().ok().map(|id| task(id, true)), at: now.back(span(ago)) }
            })
            .collect();
        let handles: Vec<Handle> = input
            .handles
            .iter()
            .map(|text| {
                let words: Vec<&str> = text.split(' ').collect();
                Handle {
                    side: if words[0] == "send" { Side::Send } else { Side::Receive },
                    task: words[1].parse().ok().map(|id| task(id, true)),
                    used: !words[2..].contains(&"unused"),
                    moved: words[2..].contains(&"moved"),
                }
            })
            .collect();
        let waits = |task: &&WaitingIn| {
            task.waits.iter().any(|text| text.split(' ').next() == Some(&input.name))
        };
        let waiters: Vec<&WaitingIn> = waiting.iter().filter(waits).collect();
        ResourceFacts {
            id: self.resource_id(&input.name),
            kind,
            place: input.place.as_deref().map(place),
            created: Moment(0),
            created_by: (!input.outside).then_some(TaskRef {
                id: TaskId(1),
                site: None,
                alive: true,
            }),
            state: state(input, kind, &holders, &handles),
            holders,
            unknown_holders: input.unknown_holders,
            granted,
            handles,
            waiting: input.waiting.unwrap_or(waiters.len() as u64 + input.omitted),
            waiting_since: match &input.waiting_since {
                Some(ago) => Some(now.back(span(ago))),
                None => waiters.iter().map(|task| now.back(span(&task.parked))).min(),
            },
            handed_over: input.handed_over.as_deref().map(|ago| now.back(span(ago))),
            last_takers: input
                .last_takers
                .iter()
                .map(|id| TaskRef { id: TaskId(*id), site: None, alive: true })
                .collect(),
            touched_by: input.touched_by,
        }
    }

    pub(super) fn resource_id(&mut self, name: &str) -> ResourceId {
        let next = ResourceId(self.resources.len() as u64 + 1);
        *self.resources.entry(name.to_owned()).or_insert(next)
    }
}

fn hold(how: &str, kind: ResourceKind) -> Hold {
    match (how, kind) {
        ("read", _) => Hold::Shared,
        ("send", _) => Hold::Send,
        (_, ResourceKind::Semaphore | ResourceKind::OnceCell | ResourceKind::ChannelRoom) => {
            Hold::Permits(1)
        }
        (_, ResourceKind::Mutex | ResourceKind::RwLock) => Hold::Exclusive,
        (_, ResourceKind::Sleep | ResourceKind::Interval) => Hold::Signal,
        _ => Hold::Receive,
    }
}

fn state(
    input: &ResourceIn,
    kind: ResourceKind,
    holders: &[Holder],
    handles: &[Handle],
) -> ResourceState {
    let held = holders.len() as u64 + input.unknown_holders;
    let readers = holders.iter().filter(|holder| holder.hold == Hold::Shared).count() as u64;
    let of = |side: Side| handles.iter().filter(|handle| handle.side == side).count() as u64;
    match kind {
        ResourceKind::Mutex => ResourceState::Locked(!input.free),
        ResourceKind::RwLock => {
            ResourceState::ReadWrite { writer: held > readers && !input.free, readers }
        }
        ResourceKind::Barrier => {
            let (size, arrived) = input.barrier.expect("a barrier has a size");
            ResourceState::Barrier { size, arrived }
        }
        ResourceKind::Semaphore | ResourceKind::OnceCell | ResourceKind::ChannelRoom => {
            let (available, capacity) = input.permits.unwrap_or((0, 1));
            ResourceState::Permits { available, capacity: Some(capacity) }
        }
        ResourceKind::Sleep | ResourceKind::Interval => {
            ResourceState::Timer { due: input.due.as_deref().map(moment) }
        }
        _ => ResourceState::Channel {
            senders: of(Side::Send),
            receivers: of(Side::Receive),
            closed: input.closed,
        },
    }
}
