//! Small random wait graphs.

use proptest::prelude::*;
use stranded_analysis::facts::{
    BootId, Cap, Gauges, Grant, Handle, Hold, Holder, Instrumentation, Moment, ParkStack,
    Registration, ResourceFacts, ResourceId, ResourceKind, ResourceState, ResourceTracking,
    ResourceWait, Side, SiteFacts, SiteId, Source, SpawnSite, StackCapture, StackId, TargetInfo,
    TaskId, TaskKind, TaskRef, TaskState, Update, Wait, WaitingTask,
};

const NOW: Moment = Moment(1_000_000_000_000);
const TASKS: u64 = 6;
const RESOURCES: u64 = 4;

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub tasks: Vec<WaitingTask>,
    pub resources: Vec<ResourceFacts>,
}

/// Something that is not known any more.
#[derive(Clone, Debug)]
pub(crate) enum Loss {
    Runs(u64),
    AnotherWaker(u64),
    Uncounted(u64),
    Unsettled(u64),
    Omitted(u64),
    UnknownHolder(u64),
    Movable(u64),
    NoResource(u64),
    AnotherWaiter(u64),
}

pub(crate) fn loss() -> impl Strategy<Value = Loss> {
    let (task, resource) = (|| 0..TASKS, || 0..RESOURCES);
    prop_oneof![
        task().prop_map(Loss::Runs),
        task().prop_map(Loss::AnotherWaker),
        task().prop_map(Loss::Uncounted),
        task().prop_map(Loss::Unsettled),
        task().prop_map(Loss::Omitted),
        resource().prop_map(Loss::UnknownHolder),
        resource().prop_map(Loss::Movable),
        resource().prop_map(Loss::NoResource),
        resource().prop_map(Loss::AnotherWaiter),
    ]
}

/// Usually true.
fn mostly() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.93)
}

fn seldom() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.1)
}

pub(crate) fn world() -> impl Strategy<Value = World> {
    (2..=TASKS, 1..=RESOURCES).prop_flat_map(|(tasks, resources)| {
        let resources: Vec<_> = (0..resources).map(|id| resource(id, tasks)).collect();
        resources.prop_flat_map(move |resources| {
            let kinds: Vec<ResourceKind> = resources.iter().map(|facts| facts.kind).collect();
            let tasks: Vec<_> = (0..tasks).map(|id| task(id, tasks, kinds.clone())).collect();
            (tasks, Just(resources), prop::collection::vec(seldom(), RESOURCES as usize)).prop_map(
                |(tasks, mut resources, omitted)| {
                    for (resource, omitted) in resources.iter_mut().zip(omitted) {
                        let waits = tasks.iter().flat_map(|task| &task.waits);
                        let waiting = waits.filter(|wait| wait.resource == resource.id).count();
                        resource.waiting = waiting as u64 + u64::from(omitted);
                    }
                    World { tasks, resources }
                },
            )
        })
    })
}

fn task(id: u64, tasks: u64, kinds: Vec<ResourceKind>) -> impl Strategy<Value = WaitingTask> {
    let waits = prop::collection::btree_set(0..kinds.len(), 0..=2);
    let joins = prop::option::weighted(0.2, 0..tasks);
    (waits, any::<[bool; 2]>(), joins, mostly(), mostly(), mostly(), seldom(), mostly(), seldom())
        .prop_map(
            move |(waits, shared, child, parked, settled, counted, unseen, current, passed_on)| {
                let waits: Vec<ResourceWait> = waits
                    .into_iter()
                    .zip(shared)
                    .map(|(at, shared)| ResourceWait {
                        resource: ResourceId(at as u64),
                        wants: wants(kinds[at], shared),
                        since: Moment(0),
                    })
                    .collect();
                let wakers = waits.len() as u64 + u64::from(child.is_some()) + u64::from(unseen);
                WaitingTask {
                    id: TaskId(id),
                    site: SiteId(0),
                    state: if parked { TaskState::Parked } else { TaskState::Scheduled },
                    polls: 3,
                    parked_since: Some(Moment(0)),
                    settled_since: settled.then_some(Moment(0)),
                    wakers: counted.then_some(wakers),
                    waits,
                    only_child: child.map(TaskId),
                    passed_on: passed_on.then_some(Moment(0)),
                    registrations: child
                        .map(|_| Registration {
                            stack: StackId(0),
                            poll: if current { 3 } else { 2 },
                        })
                        .into_iter()
                        .collect(),
                }
            },
        )
}

fn wants(kind: ResourceKind, shared: bool) -> Hold {
    match kind {
        ResourceKind::RwLock if shared => Hold::Shared,
        ResourceKind::Mutex | ResourceKind::RwLock => Hold::Exclusive,
        ResourceKind::Mpsc if shared => Hold::Send,
        ResourceKind::Mpsc => Hold::Receive,
        ResourceKind::Sleep => Hold::Signal,
        _ => Hold::Permits(1),
    }
}

fn resource(id: u64, tasks: u64) -> impl Strategy<Value = ResourceFacts> {
    let kind = prop_oneof![
        5 => Just(ResourceKind::Mutex),
        4 => Just(ResourceKind::RwLock),
        1 => Just(ResourceKind::OnceCell),
        3 => Just(ResourceKind::Mpsc),
        1 => Just(ResourceKind::Sleep),
        1 => Just(ResourceKind::Semaphore),
    ];
    let people = prop::collection::vec((0..tasks, mostly(), seldom()), 1..=3);
    (kind, people, mostly(), seldom(), prop::bool::weighted(0.25), any::<bool>()).prop_map(
        move |(kind, people, inside, unknown, free, writer)| {
            let is_lock =
                matches!(kind, ResourceKind::Mutex | ResourceKind::RwLock | ResourceKind::OnceCell);
            let shared = kind == ResourceKind::RwLock && !writer;
            let reference =
                |id: u64, alive: bool| TaskRef { id: TaskId(id), site: Some(SiteId(0)), alive };
            let held = if free || !is_lock {
                0
            } else if shared {
                people.len()
            } else {
                1
            };
            let holders: Vec<Holder> = people
                .iter()
                .take(held)
                .map(|(id, alive, movable)| Holder {
                    task: Some(reference(*id, *alive)),
                    hold: match (kind, shared) {
                        (ResourceKind::OnceCell, _) => Hold::Permits(1),
                        (_, true) => Hold::Shared,
                        (_, false) => Hold::Exclusive,
                    },
                    since: None,
                    movable: *movable,
                })
                .collect();
            let granted = people
                .iter()
                .take(usize::from(free && is_lock && writer))
                .map(|(id, alive, _)| Grant { task: Some(reference(*id, *alive)), at: Moment(0) })
                .collect();
            let handles: Vec<Handle> = people
                .iter()
                .filter(|_| kind == ResourceKind::Mpsc)
                .enumerate()
                .map(|(at, (id, used, moved))| Handle {
                    side: if at == 0 { Side::Receive } else { Side::Send },
                    task: Some(reference(*id, true)),
                    used: *used,
                    moved: *moved,
                })
                .collect();
            let count = |side| handles.iter().filter(|handle| handle.side == side).count() as u64;
            let state = match kind {
                ResourceKind::Mutex => ResourceState::Locked(!free),
                ResourceKind::RwLock => ResourceState::ReadWrite {
                    writer: !free && writer,
                    readers: if shared { holders.len() as u64 } else { 0 },
                },
                ResourceKind::Mpsc => ResourceState::Channel {
                    senders: count(Side::Send),
                    receivers: count(Side::Receive),
                    closed: free,
                },
                ResourceKind::Sleep => ResourceState::Timer { due: None },
                _ => ResourceState::Permits { available: 0, capacity: Some(1) },
            };
            ResourceFacts {
                id: ResourceId(id),
                kind,
                place: None,
                created: Moment(0),
                created_by: inside.then_some(reference(0, true)),
                state,
                holders,
                unknown_holders: u64::from(unknown && is_lock),
                granted,
                handles,
                waiting: 0,
                waiting_since: None,
                handed_over: None,
                last_takers: Vec::new(),
                touched_by: None,
            }
        },
    )
}

impl World {
    pub(crate) fn task(&self, id: TaskId) -> &WaitingTask {
        self.tasks.iter().find(|task| task.id == id).unwrap()
    }

    /// The same facts in another order.
    pub(crate) fn shuffled(&self, seed: u64) -> Self {
        let mut world = self.clone();
        let by = |key: u64| (key ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        world.tasks.sort_by_key(|task| by(task.id.0));
        world.resources.sort_by_key(|resource| by(resource.id.0));
        for task in &mut world.tasks {
            task.waits.sort_by_key(|wait| by(wait.resource.0));
        }
        for resource in &mut world.resources {
            resource.holders.sort_by_key(|holder| holder.task.map_or(0, |task| by(task.id.0)));
            resource.handles.sort_by_key(|handle| handle.task.map_or(0, |task| by(task.id.0)));
        }
        world
    }

    pub(crate) fn without(&self, loss: &Loss) -> Self {
        let mut world = self.clone();
        let edit = |id: u64, change: fn(&mut WaitingTask), tasks: &mut Vec<WaitingTask>| {
            tasks.iter_mut().filter(|task| task.id.0 == id).for_each(change);
        };
        let resource = |id: u64, change: fn(&mut ResourceFacts), all: &mut Vec<ResourceFacts>| {
            all.iter_mut().filter(|facts| facts.id.0 == id).for_each(change);
        };
        match *loss {
            Loss::Runs(id) => edit(id, |task| task.state = TaskState::Running, &mut world.tasks),
            Loss::AnotherWaker(id) => {
                edit(id, |task| task.wakers = task.wakers.map(|n| n + 2), &mut world.tasks);
            }
            Loss::Uncounted(id) => edit(id, |task| task.wakers = None, &mut world.tasks),
            Loss::Unsettled(id) => edit(id, |task| task.settled_since = None, &mut world.tasks),
            Loss::Omitted(id) => world.tasks.retain(|task| task.id.0 != id),
            Loss::UnknownHolder(id) => {
                resource(id, |lock| lock.unknown_holders += 1, &mut world.resources);
            }
            Loss::Movable(id) => resource(
                id,
                |lock| lock.holders.iter_mut().for_each(|holder| holder.movable = true),
                &mut world.resources,
            ),
            Loss::NoResource(id) => world.resources.retain(|facts| facts.id.0 != id),
            Loss::AnotherWaiter(id) => resource(id, |lock| lock.waiting += 1, &mut world.resources),
        }
        world
    }

    pub(crate) fn update(&self) -> Update {
        let mut update = Update::empty(BootId(7), 1, NOW);
        update.target = Some(TargetInfo {
            name: "world".into(),
            pid: 1,
            host: None,
            source: Source::Agent,
            agent_version: String::new(),
            tokio_version: None,
            caps: Cap::ALL.into_iter().collect(),
            instrumentation: Instrumentation::Working,
            stacks: StackCapture::FramePointers,
            resources: ResourceTracking::All,
            epoch_unix_ns: None,
            faults: Vec::new(),
        });
        update.gauges = Some(Gauges::default());
        let place = SpawnSite {
            file: "src/world.rs".into(),
            line: 1,
            column: 1,
            name: String::new(),
            kind: TaskKind::Task,
        };
        update.sites = vec![SiteFacts {
            live: self.tasks.len() as u64,
            spawned: self.tasks.len() as u64,
            ..SiteFacts::new(SiteId(0), place, Moment(0))
        }];
        update.stacks = vec![ParkStack {
            id: StackId(0),
            wait: Some(Wait::JoinHandle),
            park: None,
            addresses: Vec::new(),
            frames: Vec::new(),
        }];
        update.resources.clone_from(&self.resources);
        update.waiting.clone_from(&self.tasks);
        update
    }
}
