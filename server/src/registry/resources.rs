//! Tokio's resources and the operations on them: what a task waits for, and who holds it.
//!
//! As with tasks, each has one slot, written in place by whoever acts on it; nothing is queued. Tokio opens a span for
//! each resource and each operation, and tells of changes by events inside of them, so that what an event is about
//! stands on the thread's stack of entered spans ([`crate::context`]).
//!
//! - [`id`]: span ids of our own; [`level`]: how much is tracked; [`places`]: lines that create resources;
//! - [`resource`] with [`holders`] and [`takers`]: what is kept of one resource; [`op`]: of one operation;
//!   [`mark`]: of a task that did something to them;
//! - [`reading`] and [`queues`]: all of it, read while others write.
//!
//! The semaphore inside a mutex, rwlock or semaphore is another name of that resource ([`id::Class::Inner`]). Some of
//! the events fire under the lock of a semaphore's queue: nothing here waits, and nothing calls Tokio.

mod holders;
pub(super) mod id;
mod level;
pub(super) mod mark;
mod op;
mod places;
pub(super) mod queues;
pub(super) mod reading;
mod resource;
mod takers;

use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::sync::{Mutex, PoisonError};

use stranded_analysis::facts::{Moment, ResourceKind};

pub(crate) use id::{THING, ThingId};
pub(crate) use op::Source;

use crate::config;
use crate::context::{self, Completed, Context, Entered, PolledTask};

use super::Registry;
use super::slab::{Linked, Slab};
use holders::Taking;
use id::Class;
use level::Level;
use mark::Mark;
use op::OpSlot;
use places::Places;
use resource::{Created, RX_DROPPED, ResourceSlot, SENT, TX_DROPPED};

/// What the span of a new resource tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewResource<'a> {
    pub(crate) concrete_type: &'a str,
    /// Whether it is the semaphore inside another resource, or inside a channel.
    pub(crate) internal: bool,
    pub(crate) file: &'a str,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// What an event says of the resource that it is inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A mutex, or an rwlock for writing, was taken or given back.
    Exclusive(bool),
    /// An rwlock was taken or given back for reading.
    Shared(bool),
    /// A semaphore begins with so many permits.
    PermitsSet(u64),
    /// So many were taken out of it, or given back.
    PermitsTaken(u64),
    PermitsGiven(u64),
    /// An end of a oneshot channel is gone, or its value was sent.
    SenderDropped,
    ReceiverDropped,
    Sent,
    /// A barrier is for so many tasks; so many more have arrived.
    Size(u64),
    Arrived(u64),
    /// A timer fires in so many milliseconds.
    DueIn(u64),
}

/// What an event says of the operation that it is inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpChange {
    /// It asks for so many permits, and was granted so many more.
    Requested(u64),
    Obtained(u64),
    /// It was the last to arrive at a barrier.
    Leads,
    /// It was polled: whether it got what it wanted.
    Polled(bool),
}

/// What is beside a slot.
#[derive(Debug, Default)]
struct Spare {
    next_free: AtomicU32,
    generation: AtomicU64,
}

impl Linked for Spare {
    fn next_free(&self) -> &AtomicU32 {
        &self.next_free
    }
}

impl Spare {
    fn next_generation(&self) -> u64 {
        let generation = self.generation.load(Relaxed).wrapping_add(1);
        self.generation.store(generation, Relaxed);
        generation
    }
}

/// All resources, and all operations on them.
#[derive(Debug)]
pub(crate) struct Resources {
    resources: Slab<ResourceSlot, Spare>,
    ops: Slab<OpSlot, Spare>,
    places: Places,
    level: Level,
    /// One switch at a time.
    switching: Mutex<()>,
    /// Resources ever numbered.
    numbered: AtomicU64,
    live: AtomicU64,
    /// Live ones that have no slot, for want of memory.
    untracked: AtomicU64,
}

impl Resources {
    /// Tables that may take so many bytes.
    pub(super) fn within(bytes: u64) -> Self {
        Self {
            resources: Slab::within(bytes / 3 * 2),
            ops: Slab::within(bytes / 3),
            places: Places::new(),
            level: Level::new(config::Resources::Off),
            switching: Mutex::new(()),
            numbered: AtomicU64::new(0),
            live: AtomicU64::new(0),
            untracked: AtomicU64::new(0),
        }
    }

    /// How much is tracked.
    #[inline]
    pub(crate) fn level(&self) -> config::Resources {
        self.level.get()
    }

    /// Changes how much is tracked; `apply` makes every call site follow.
    pub(crate) fn switch(&self, level: config::Resources, apply: impl FnOnce()) {
        let _one = self.switching.lock().unwrap_or_else(PoisonError::into_inner);
        self.level.switch(level, apply);
    }

    /// A number for a resource that no other has.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbered.fetch_add(1, Relaxed) + 1
    }

    /// Resources that are tracked now.
    pub(crate) fn live(&self) -> u64 {
        self.live.load(Relaxed)
    }

    /// Resources that were not tracked, for want of memory.
    pub(crate) fn untracked(&self) -> u64 {
        self.untracked.load(Relaxed)
    }

    /// Whether the id is one that was given out here.
    pub(crate) fn knows(&self, id: ThingId) -> bool {
        self.resource(id).is_some() || self.op(id).is_some()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        self.resources.bytes() + self.ops.bytes() + self.places.bytes()
    }

    /// The slot behind the id of a resource, or of its inner semaphore.
    #[inline]
    fn resource(&self, id: ThingId) -> Option<&ResourceSlot> {
        let raw = id.with_class(Class::Resource).raw();
        let (slot, _) = self.resources.at(id.index())?;
        (id.class() != Class::Op && slot.id.load(Acquire) == raw).then_some(slot)
    }

    #[inline]
    fn op(&self, id: ThingId) -> Option<&OpSlot> {
        let (slot, _) = self.ops.at(id.index())?;
        (id.is_op() && slot.id.load(Acquire) == id.raw()).then_some(slot)
    }

    /// The resource that what happens on this thread now is about.
    #[inline]
    fn current(&self, context: &Context) -> Option<(&ResourceSlot, ThingId)> {
        let id = match context.thing()? {
            id if id.class() == Class::Op => self.op(id)?.resource()?,
            id => id,
        };
        Some((self.resource(id)?, id.with_class(Class::Resource)))
    }

    /// The operation that is under way on this thread.
    #[inline]
    fn current_op(&self, context: &Context) -> Option<&OpSlot> {
        self.op(context.op()?)
    }

    /// A task clones one of its own wakers, in its own poll.
    #[inline]
    pub(super) fn waker_cloned(&self, context: &Context, task: PolledTask) {
        if let Some(op) = self.current_op(context) {
            op.arm(Mark::of(task));
        }
    }

    /// A waker of the task `raw` is dropped, or consumed, on this thread.
    #[inline]
    pub(super) fn waker_dropped(&self, context: &Context, raw: u64) {
        if let Some(op) = self.current_op(context) {
            op.disarm(raw);
        }
    }
}

/// The kind of a resource, as its span tells.
fn kind(new: &NewResource<'_>) -> ResourceKind {
    let inside =
        |file: &str| new.file.replace('\\', "/").ends_with(file) && new.file.contains("tokio");
    match new.concrete_type {
        "Mutex" => ResourceKind::Mutex,
        "RwLock" => ResourceKind::RwLock,
        "Semaphore" if new.internal => ResourceKind::ChannelRoom,
        "Semaphore" if inside("/src/sync/once_cell.rs") => ResourceKind::OnceCell,
        "Semaphore" => ResourceKind::Semaphore,
        "Sender|Receiver" => ResourceKind::Oneshot,
        "Barrier" => ResourceKind::Barrier,
        "Sleep" if inside("/src/time/interval.rs") => ResourceKind::Interval,
        "Sleep" => ResourceKind::Sleep,
        "Interval" => ResourceKind::Interval,
        _ => ResourceKind::Unknown,
    }
}

impl Registry {
    pub(crate) fn resources(&self) -> &Resources {
        &self.resources
    }

    /// A resource is created on this thread. The id is for its span; `None`: there is no room for it.
    pub(crate) fn open_resource(&self, new: &NewResource<'_>) -> Option<ThingId> {
        let all = &self.resources;
        let (enclosing, task, shard) =
            context::with(|context| (context.thing(), context.task(), context.shard()));
        if new.internal
            && let Some(owner) = enclosing.filter(|id| id.class() == Class::Resource)
            && let Some(slot) = all.resource(owner)
            && slot.inner_refs.load(Relaxed) == 0
        {
            slot.refs.fetch_add(1, Relaxed);
            slot.inner_refs.fetch_add(1, Relaxed);
            return Some(owner.with_class(Class::Inner));
        }
        let kind = kind(new);
        let Some((index, slot, spare)) = all.resources.take(shard) else {
            all.untracked.fetch_add(1, Relaxed);
            return None;
        };
        all.live.fetch_add(1, Relaxed);
        // Tokio's own lines say nothing to those who use it.
        let place = if new.file.is_empty() || new.internal || is_part(kind, new) {
            0
        } else {
            all.places.find(new.file, new.line, new.column)
        };
        slot.reset(&Created {
            kind,
            place,
            number: all.next_number(),
            at: self.clock.now(),
            by: task.map(Mark::of),
            era: all.level.era(kind),
        });
        let id = ThingId::new(Class::Resource, index, spare.next_generation());
        slot.id.store(id.raw(), Release);
        Some(id)
    }

    /// An operation begins on this thread. `of`: its resource, where the span tells it.
    pub(crate) fn open_op(&self, source: Source, of: Option<ThingId>) -> Option<ThingId> {
        let all = &self.resources;
        let (enclosing, outer, task, shard) = context::with(|context| {
            let outer = context.op().and_then(|id| all.op(id));
            (context.thing(), outer, context.task(), context.shard())
        });
        let resource = of.or_else(|| match enclosing? {
            id if id.class() == Class::Op => all.op(id)?.resource(),
            id => Some(id),
        });
        let resource = resource.map(|id| id.with_class(Class::Resource));
        // What asks for permits does so on behalf of the operation around it.
        let source = match outer.filter(|outer| outer.resource() == resource) {
            Some(outer) if source == Source::Permits => outer.source(),
            _ => source,
        };
        let (index, slot, spare) = all.ops.take(shard)?;
        slot.reset(source, resource, task.map(Mark::of));
        let id = ThingId::new(Class::Op, index, spare.next_generation());
        slot.id.store(id.raw(), Release);
        Some(id)
    }

    /// The span of a resource or operation is entered on this thread.
    #[inline]
    pub(crate) fn enter_thing(&self, id: ThingId) {
        context::with(|context| context.push(Entered::Thing(id)));
    }

    /// It is left.
    #[inline]
    pub(crate) fn exit_thing(&self, id: ThingId) {
        context::with(|context| context.leave_thing(id));
    }

    /// Another handle to the span.
    #[inline]
    pub(crate) fn clone_thing(&self, id: ThingId) {
        let all = &self.resources;
        let refs = match id.class() {
            Class::Resource => all.resource(id).map(|slot| &slot.refs),
            Class::Inner => all.resource(id).map(|slot| &slot.inner_refs),
            Class::Op => all.op(id).map(|slot| &slot.refs),
        };
        if let Some(refs) = refs {
            refs.fetch_add(1, Relaxed);
        }
    }

    /// A handle to the span goes away. True: the last one.
    pub(crate) fn close_thing(&self, id: ThingId) -> bool {
        let all = &self.resources;
        let last = |refs: &AtomicU32| refs.fetch_sub(1, AcqRel) == 1;
        match id.class() {
            Class::Op => {
                let Some(slot) = all.op(id) else { return false };
                let ended = last(&slot.refs);
                if ended {
                    slot.id.store(0, Release);
                    all.ops.give_back(id.index(), context::with(Context::shard));
                }
                ended
            }
            class => {
                let Some(slot) = all.resource(id) else { return false };
                if class == Class::Inner && !last(&slot.inner_refs) {
                    return false;
                }
                let ended = last(&slot.refs);
                if ended {
                    slot.id.store(0, Release);
                    all.live.fetch_sub(1, Relaxed);
                    all.resources.give_back(id.index(), context::with(Context::shard));
                }
                ended || class == Class::Inner
            }
        }
    }

    /// Something changes of the resource that this thread is inside of.
    #[inline]
    pub(crate) fn change(&self, change: Change) {
        context::with(|context| {
            let Some((slot, id)) = self.resources.current(context) else { return };
            let task = || context.task().map(Mark::of);
            let now = || self.clock.now();
            match change {
                Change::Exclusive(taken) | Change::Shared(taken) => {
                    let shared = matches!(change, Change::Shared(_));
                    if taken {
                        self.take_lock(context, slot, id, shared);
                    } else {
                        slot.give(task(), shared, now());
                    }
                }
                // Of a lock, its own events tell who holds it.
                Change::PermitsSet(_) | Change::PermitsTaken(_) | Change::PermitsGiven(_)
                    if slot.is_lock() => {}
                Change::PermitsSet(permits) => slot.set_permits(permits),
                Change::PermitsTaken(permits) => slot.move_permits(permits, false),
                Change::PermitsGiven(permits) => self.give_permits(slot, permits),
                Change::SenderDropped => slot.set_ends(TX_DROPPED, now()),
                Change::ReceiverDropped => slot.set_ends(RX_DROPPED, now()),
                Change::Sent => slot.set_ends(SENT, now()),
                Change::Size(size) => slot.set_size(size),
                Change::Arrived(more) => slot.arrive(Some(more)),
                Change::DueIn(ms) => {
                    slot.set_due(Moment(now().0.saturating_add(ms.saturating_mul(1_000_000))));
                }
            }
        });
    }

    fn take_lock(&self, context: &Context, slot: &ResourceSlot, id: ThingId, shared: bool) {
        // An operation that has just got it says how. Without one it is a `try_lock`, of which the guard may be owned.
        let completed = context.completed.take().filter(|completed| completed.resource == id);
        slot.take(Taking {
            by: context.task().map(Mark::of),
            at: self.clock.now(),
            movable: completed.is_none_or(|completed| completed.owned),
            shared,
        });
    }

    fn give_permits(&self, slot: &ResourceSlot, permits: u64) {
        slot.move_permits(permits, true);
        slot.handed(None, self.clock.now());
        if slot.kind() == ResourceKind::OnceCell {
            slot.holders().reset();
        }
    }

    /// Something changes of the operation that this thread is inside of.
    #[inline]
    pub(crate) fn change_op(&self, change: OpChange) {
        context::with(|context| {
            let Some(op) = self.resources.current_op(context) else { return };
            match change {
                OpChange::Requested(permits) => op.request(permits),
                OpChange::Obtained(permits) => {
                    op.obtain(permits, || self.clock.now());
                    let cell = op.resource().and_then(|id| self.resources.resource(id));
                    if permits > 0
                        && let Some(cell) = cell
                        && cell.kind() == ResourceKind::OnceCell
                    {
                        cell.holders().reset();
                    }
                }
                OpChange::Leads => {
                    if let Some((barrier, _)) = self.resources.current(context) {
                        barrier.arrive(None);
                        barrier.handed(None, self.clock.now());
                    }
                }
                OpChange::Polled(false) => self.op_pending(context, op),
                OpChange::Polled(true) => self.op_ready(context, op),
            }
        });
    }

    fn op_pending(&self, context: &Context, op: &OpSlot) {
        let task = context.task();
        let poll = task.and_then(|task| self.polls(task.id)).unwrap_or(0);
        op.pending(task.map(Mark::of), poll, || self.clock.now());
        let Some(slot) = op.resource().and_then(|id| self.resources.resource(id)) else { return };
        match slot.kind() {
            ResourceKind::Barrier => self.touch(slot, task),
            // Who fills the cell and now waits for it does not poll that future any more: it may have gone elsewhere.
            ResourceKind::OnceCell => slot.holders().set_movable(task.map(Mark::of)),
            // The timer inside an interval, while that is what ticks.
            ResourceKind::Interval if op.source() != Source::Tick => {
                let outer = context.outer_op().and_then(|id| self.resources.op(id));
                let interval = outer.filter(|outer| outer.source() == Source::Tick);
                if let Some(interval) = interval.and_then(OpSlot::resource) {
                    slot.owner.store(interval.raw(), Relaxed);
                }
            }
            _ => {}
        }
    }

    fn op_ready(&self, context: &Context, op: &OpSlot) {
        let source = op.source();
        let first = op.ready();
        let Some(id) = op.resource() else { return };
        if source.takes_lock() {
            context.completed.set(Some(Completed { resource: id, owned: source.is_owned() }));
            return;
        }
        let task = context.task();
        let Some(slot) = self.resources.resource(id).filter(|_| first) else { return };
        match slot.kind() {
            ResourceKind::Semaphore | ResourceKind::ChannelRoom => {
                slot.handed(task.map(Mark::of), self.clock.now());
            }
            ResourceKind::OnceCell => {
                // Its only permit stays with the future that initialises it.
                slot.holders().reset();
                slot.take(Taking {
                    by: task.map(Mark::of),
                    at: self.clock.now(),
                    movable: false,
                    shared: true,
                });
            }
            ResourceKind::Barrier => self.touch(slot, task),
            _ => {}
        }
    }

    fn touch(&self, slot: &ResourceSlot, task: Option<PolledTask>) {
        if let Some(task) = task {
            let alive = |mark: Mark| mark.id().is_some_and(|id| self.is_alive(id));
            slot.touch(Mark::of(task), alive, self.clock.now());
        }
    }
}

/// Whether a resource is a part of something else, whose line its own is not.
fn is_part(kind: ResourceKind, new: &NewResource<'_>) -> bool {
    match kind {
        ResourceKind::OnceCell => true,
        ResourceKind::Interval => new.concrete_type == "Sleep",
        _ => false,
    }
}
