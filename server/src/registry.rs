//! The registry of live tasks: state, not events.
//!
//! Each task has one slot of atomics, written in place by the thread that acts on the task. Nothing is queued, so
//! nothing is dropped; an ended task is folded into its spawn site, and its slot is free again.
//!
//! - [`slot`] and [`cold`]: what is kept of one task; [`slab`]: all slots; [`id`]: span ids of our own;
//! - [`sites`], [`history`] and [`histogram`]: what is kept of a spawn site;
//! - [`resources`]: locks, channels and timers, and the operations on them;
//! - [`cancels`]: who was told to stop;
//! - [`scopes`]: the requests in which tasks are spawned; [`names`]: names of tasks; [`runtimes`]: where they run;
//! - [`handles`]: channels and tokens behind the wrappers of [`crate::sync`];
//! - [`census`], [`waiting`], [`zombies`], [`activity`], [`rows`] and [`window`]: all of it as facts, read while others
//!   write.
//!
//! The functions here are called from inside Tokio, some of them under its locks. They take no lock that another
//! thread holds for long, never call Tokio, and never panic.

mod activity;
mod by_key;
mod cancels;
mod census;
mod cold;
mod handles;
mod histogram;
mod history;
mod id;
mod names;
mod own_tasks;
mod resources;
mod rows;
mod runtimes;
mod scopes;
mod sites;
mod slab;
mod slot;
#[cfg(test)]
mod tests;
mod waiting;
mod window;
mod zombies;

use std::sync::atomic::{
    AtomicI64, AtomicU8, AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use stranded_analysis::facts::TaskKind;
use tracing_core::Metadata;

pub(crate) use census::Look;
pub(crate) use handles::{Channel, Key};
pub(crate) use id::SlotId;
pub(crate) use own_tasks::Seen;
pub(crate) use resources::{Change, NewResource, OpChange, Source, ThingId};
pub(crate) use runtimes::Guarded;

use crate::clock::Clock;
use crate::context::{self, Context, Entered, PolledTask};
use crate::own;
use crate::stack::{self, Budget, Capture, Interner};

use activity::Watched;
use cancels::Cancels;
use cold::Cold;
use handles::Handles;
use names::Names;
use resources::Resources;
use runtimes::Runtimes;
use scopes::Scopes;
use sites::{SiteKey, Sites};
use slab::Slab;
use slot::{
    BLOCKING, BY_DRIVER, BY_THREAD, By, LOCAL, NAMED, NO_SITE, ON_TOKEN, OWN, Slot, WORKER_LOOP,
};
use waiting::Settling;

const _: () = assert!(size_of::<Slot>() == 128);
const _: () = assert!(size_of::<Slot>() + size_of::<Cold>() <= 256);

/// The most finished tasks whose slots are kept for the wakers that outlive them. Beyond it late wakers go unseen.
const ZOMBIES: i64 = 1 << 16;

/// A future that is dropped this soon after its last poll ended, on the same thread and with nothing between,
/// returned; otherwise it was cancelled. Parking and being woken for an abort takes longer.
const RETURN_GAP_NS: u64 = 50_000;

/// Where Tokio starts its workers, as tasks of kind `blocking`.
const WORKER_LOOPS: &str = "src/runtime/scheduler/multi_thread/worker.rs";

/// What the span of a new task tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spawn<'a> {
    pub(crate) kind: TaskKind,
    pub(crate) name: &'a str,
    /// Tokio's number of the task; 0: not told.
    pub(crate) number: u64,
    /// Future sizes in bytes; 0: not told.
    pub(crate) size: u64,
    pub(crate) original_size: u64,
    pub(crate) file: &'a str,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// What is done to a waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum WakerOp {
    Clone = 1,
    Drop = 2,
    /// A wake that consumes its waker.
    Wake = 3,
    WakeByRef = 4,
}

/// All tasks of this process.
#[derive(Debug)]
pub(crate) struct Registry {
    /// Its own number in this process, from 1.
    number: u32,
    clock: Clock,
    slab: Slab,
    resources: Resources,
    sites: Sites,
    scopes: Scopes,
    names: Names,
    runtimes: Runtimes,
    handles: Handles,
    stacks: Interner,
    budget: Budget,
    capture: AtomicU8,
    /// Live tasks without a slot.
    untracked: AtomicI64,
    zombies: AtomicI64,
    /// Looked into by the census alone.
    settling: Mutex<Settling>,
    /// As of the last census, since when the oldest unfinished poll runs or unanswered wake waits; 0: none.
    stalled_since: AtomicU64,
    watched: Mutex<Watched>,
    cancels: Cancels,
    tokio: OnceLock<Box<str>>,
}

impl Spawn<'_> {
    /// What its slot keeps of it.
    fn flags(&self, own: bool) -> u32 {
        let blocking = self.kind == TaskKind::Blocking;
        let flags = [
            (own, OWN),
            (!self.name.is_empty(), NAMED),
            (self.kind == TaskKind::Local, LOCAL),
            (blocking, BLOCKING),
            (blocking && self.file.ends_with(WORKER_LOOPS), WORKER_LOOP),
        ];
        flags.into_iter().filter(|(has, _)| *has).fold(0, |all, (_, flag)| all | flag)
    }
}

impl Registry {
    /// A registry whose slots may take `memory_mb` megabytes. `budget`: for capturing by unwinding.
    ///
    /// Tasks come first: a quarter of the memory is for resources.
    pub(crate) fn new(memory_mb: u32, capture: Capture, budget: Budget) -> Self {
        static NUMBERS: AtomicU32 = AtomicU32::new(1);
        let quarter = u64::from(memory_mb) * 1024 * 1024 / 4;
        Self {
            number: NUMBERS.fetch_add(1, Relaxed),
            clock: Clock::start(),
            slab: Slab::within(quarter * 3),
            resources: Resources::within(quarter),
            sites: Sites::new(),
            scopes: Scopes::new(),
            names: Names::default(),
            runtimes: Runtimes::default(),
            handles: Handles::default(),
            stacks: Interner::new(),
            budget,
            capture: AtomicU8::new(capture as u8),
            untracked: AtomicI64::new(0),
            zombies: AtomicI64::new(0),
            settling: Mutex::default(),
            stalled_since: AtomicU64::new(0),
            watched: Mutex::default(),
            cancels: Cancels::default(),
            tokio: OnceLock::new(),
        }
    }

    /// The version of Tokio whose tasks these are; the first one heard of counts.
    pub(crate) fn learn_tokio(&self, version: &str) {
        self.tokio.get_or_init(|| version.into());
    }

    /// The version of Tokio, if it could be told.
    pub(crate) fn tokio(&self) -> Option<&str> {
        self.tokio.get().map(|version| &**version)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn stacks(&self) -> &Interner {
        &self.stacks
    }

    /// How park stacks are captured.
    #[inline]
    pub(crate) fn capture(&self) -> Capture {
        match self.capture.load(Relaxed) {
            mode if mode == Capture::FramePointers as u8 => Capture::FramePointers,
            mode if mode == Capture::Unwinder as u8 => Capture::Unwinder,
            _ => Capture::Off,
        }
    }

    /// A task is spawned by this thread. The id is for its span.
    pub(crate) fn spawn(&self, spawn: &Spawn<'_>) -> SlotId {
        let now = self.clock.now();
        let own = own::is_own();
        let key = SiteKey {
            file: spawn.file,
            line: spawn.line,
            column: spawn.column,
            name: spawn.name,
            kind: spawn.kind,
            own,
        };
        let site_number = self.sites.find(&key, now);
        let (spawner, scope, shard) =
            context::with(|context| (context.task(), context.scope(), context.shard()));
        if let Some(parent) = spawner.and_then(|spawner| self.sites.get(spawner.site)) {
            parent.children.fetch_add(1, Relaxed);
        }
        if let Some((_, parent)) = spawner.and_then(|spawner| self.slab.get(spawner.id)) {
            parent.passes_on(now);
        }
        let Some((index, slot, cold)) = self.slab.take(shard) else {
            self.untracked.fetch_add(1, Relaxed);
            return SlotId::untracked();
        };
        let wants_stack =
            self.sites.get(site_number).is_some_and(|site| site.spawn(now, spawn.size));
        let stack = (wants_stack && self.capture() == Capture::FramePointers)
            .then(|| context::with(|context| stack::capture_spawn(context, &self.stacks)))
            .flatten();
        slot.reset(now, spawn.flags(own));
        cold.forget_wakers();
        cold.spawned.store(now.0, Relaxed);
        cold.number.store(spawn.number, Relaxed);
        cold.site.store(site_number, Relaxed);
        cold.spawner.store(spawner.map_or(0, |spawner| spawner.id.raw()), Relaxed);
        cold.spawner_number.store(spawner.map_or(0, |spawner| spawner.number), Relaxed);
        cold.spawner_site.store(spawner.map_or(NO_SITE, |spawner| spawner.site), Relaxed);
        cold.size.store(u32::try_from(spawn.size).unwrap_or(u32::MAX), Relaxed);
        cold.original_size.store(u32::try_from(spawn.original_size).unwrap_or(u32::MAX), Relaxed);
        let scope = scope.filter(|&(scope, span)| self.scopes.pin(scope, span));
        cold.scope.store(scope.map_or(0, |(scope, _)| scope + 1), Relaxed);
        cold.spawn_stack.store(stack.map_or(0, |stack| stack + 1), Relaxed);
        cold.refs.store(1, Relaxed);
        let generation = cold.generation.load(Relaxed).wrapping_add(1);
        cold.generation.store(generation, Relaxed);
        let id = SlotId::new(index, u64::from(generation));
        if !spawn.name.is_empty() {
            self.names.insert(id, spawn.name);
        }
        if self.runtimes.wanted() {
            self.runtimes.note(id);
        }
        slot.publish(id);
        id
    }

    /// A poll of the task, or the drop of its future, begins on this thread. `arrives`: whether what happens to wakers
    /// on this thread reaches us. A single poll where it does not makes the count of wakers worthless.
    #[inline]
    pub(crate) fn enter(&self, id: SlotId, arrives: bool) {
        let Some((slot, cold)) = self.slab.get(id) else {
            return;
        };
        let now = self.clock.now();
        context::with(|context| {
            let adjacent = context.begin_poll(id, now, RETURN_GAP_NS);
            let site = cold.site.load(Relaxed);
            let entered = slot.enter(now, adjacent, std::thread::panicking());
            if self.runtimes.wanted() && slot.polls() == 1 {
                self.runtimes.note(id);
            }
            if let (Some(waited), Some(site)) = (entered.waited, self.sites.get(site)) {
                site.scheduled_times.sample(waited);
                if let Some(parked) = entered.parked {
                    site.park_times.sample(parked);
                }
            }
            if slot.is(WORKER_LOOP) {
                return;
            }
            if !slot.is(BLOCKING) {
                let thread = context.take_record(self.number, now);
                slot.polled_on(thread);
                thread.begin(id);
            }
            let root_frame = stack::root_frame(self.capture(), context);
            context.push(Entered::Task(PolledTask {
                id,
                number: cold.number.load(Relaxed),
                site,
                root_frame,
            }));
            if !arrives {
                slot.mark_unaccounted();
            }
        });
    }

    /// The poll, or the drop, ends.
    #[inline]
    pub(crate) fn exit(&self, id: SlotId) {
        let Some((slot, cold)) = self.slab.get(id) else {
            return;
        };
        let now = self.clock.now();
        let took = slot.exit(now, std::thread::panicking());
        if let Some(site) = self.sites.get(cold.site.load(Relaxed)) {
            site.poll_times.sample(took);
        }
        context::with(|context| {
            if slot.is(WORKER_LOOP) {
                return;
            }
            if !slot.is(BLOCKING) {
                context.record(self.number).end(id, slot.is(LOCAL), now);
            }
            context.leave_task(id);
            context.end_poll(id, now);
        });
    }

    /// Whether the id is one that was given out here, and not another with the same tag.
    #[inline]
    pub(crate) fn knows(&self, id: SlotId) -> bool {
        self.slab.get(id).is_some() || id.is_untracked() || id == SlotId::hidden()
    }

    /// Another handle to the task's span.
    pub(crate) fn clone_span(&self, id: SlotId) {
        if let Some((_, cold)) = self.slab.get(id) {
            cold.refs.fetch_add(1, Relaxed);
        }
    }

    /// A handle to the task's span goes away. True: the last one, so the task has ended.
    pub(crate) fn close_span(&self, id: SlotId) -> bool {
        if id.is_untracked() {
            self.untracked.fetch_sub(1, Relaxed);
            return true;
        }
        let Some((slot, cold)) = self.slab.get(id) else {
            return false;
        };
        if cold.refs.fetch_sub(1, AcqRel) != 1 {
            return false;
        }
        self.end(id, slot, cold);
        true
    }

    fn end(&self, id: SlotId, slot: &Slot, cold: &Cold) {
        let now = self.clock.now();
        if let Some(site) = self.sites.get(cold.site.load(Relaxed)) {
            site.end(slot.outcome(), now.0.saturating_sub(cold.spawned.load(Relaxed)));
        }
        if let Some(scope) = cold.scope.load(Relaxed).checked_sub(1) {
            self.scopes.unpin(scope);
        }
        if slot.is(NAMED) {
            self.names.forget(id);
        }
        if self.runtimes.wanted() {
            self.runtimes.forget(id);
        }
        if slot.close() {
            self.free(id, slot);
            return;
        }
        if self.zombies.fetch_add(1, AcqRel) >= ZOMBIES && slot.forget_wakers() {
            self.free_zombie(id, slot);
        }
    }

    fn free(&self, id: SlotId, slot: &Slot) {
        slot.id.store(0, Release);
        self.slab.give_back(id.index(), context::with(context::Context::shard));
    }

    fn free_zombie(&self, id: SlotId, slot: &Slot) {
        self.zombies.fetch_sub(1, AcqRel);
        self.free(id, slot);
    }

    /// Something is done to a waker of the task. Runs inside Tokio, before it acts.
    #[inline]
    pub(crate) fn waker(&self, op: WakerOp, id: SlotId) {
        // A waker that outlives its task's slot says nothing that anybody could use.
        let Some((slot, cold)) = self.slab.get(id) else {
            return;
        };
        match op {
            WakerOp::Clone => {
                slot.clone_waker();
                context::with(|context| {
                    // A clone made elsewhere, of a waker passed on, says nothing about where the task waits.
                    if let Some(task) = context.task().filter(|task| task.id == id) {
                        // What a wrapper waits for is told by it, not by what it is made of.
                        if !context.count_waker(1) {
                            self.resources.waker_cloned(context, task);
                        }
                        self.register(context, task, slot, cold);
                    }
                });
            }
            WakerOp::WakeByRef => self.wake(id, slot, cold),
            WakerOp::Wake => {
                self.wake(id, slot, cold);
                self.drop_waker(id, slot);
            }
            WakerOp::Drop => {
                if context::with(|context| context.task().is_none_or(|task| task.id != id)) {
                    cold.passes_on(self.clock.now());
                }
                self.drop_waker(id, slot);
            }
        }
    }

    /// Keeps where the task, in its own poll, registers its waker.
    #[inline]
    fn register(&self, context: &Context, task: PolledTask, slot: &Slot, cold: &Cold) {
        let stack = match self.capture() {
            Capture::FramePointers => stack::capture(context, task.root_frame, &self.stacks),
            Capture::Unwinder if self.budget.take(self.clock.now()) => {
                stack::capture_unwound(task.root_frame, &self.stacks)
            }
            Capture::Unwinder | Capture::Off => None,
        };
        if let Some(stack) = stack {
            slot.register(stack);
            self.may_wait_on_token(slot, cold, stack);
        }
    }

    #[inline]
    fn wake(&self, id: SlotId, slot: &Slot, cold: &Cold) {
        let now = self.clock.now();
        let (by, number) = context::with(|context| {
            let thread = context.record(self.number);
            let (who, site, number) = match context.task() {
                Some(task) => (task.id.raw(), task.site, task.number),
                None if context.is_worker() => (By::DRIVER, BY_DRIVER, 0),
                None => (By::THREAD, BY_THREAD, 0),
            };
            (By { who, site, thread, to_self: who == id.raw() }, number)
        });
        if slot.is(ON_TOKEN) && !by.to_self && self.capture() == Capture::FramePointers {
            self.maybe_cancelled(slot, cold, (now, &by, number), || {
                context::with(|context| stack::capture_wake(context, &self.stacks))
            });
        }
        if let Some(before) = slot.wake(now, by) {
            cold.woken_by_another(before, by.who, number);
        }
    }

    #[inline]
    fn drop_waker(&self, id: SlotId, slot: &Slot) {
        context::with(|context| {
            self.resources.waker_dropped(context, id.raw());
            if context.task().is_some_and(|task| task.id == id) {
                context.count_waker(-1);
            }
        });
        if slot.drop_waker(id) {
            self.free_zombie(id, slot);
        }
    }

    /// The user opens a span on this thread.
    pub(crate) fn open_span(&self, span: u64, meta: &'static Metadata<'static>) {
        let opener = context::with(|context| context.task());
        let polls = opener.and_then(|task| self.polls(task.id)).unwrap_or(0);
        let opener = opener.map_or((0, 0), |task| (task.id.raw(), task.number));
        self.scopes.open(span, meta, opener, polls, self.clock.now());
    }

    /// The user enters a span on this thread.
    #[inline]
    pub(crate) fn enter_span(&self, span: u64) {
        let Some(number) = self.scopes.find(span) else {
            return;
        };
        context::with(|context| {
            if let (Some(task), Some(scope)) = (context.task(), self.scopes.get(number))
                && scope.opener.load(Relaxed) == task.id.raw()
                && let Some(polls) = self.polls(task.id)
            {
                scope.enter(polls, self.clock.now());
            }
            context.push(Entered::Span { id: span, scope: number });
        });
    }

    /// The user leaves a span on this thread.
    #[inline]
    pub(crate) fn exit_span(&self, span: u64) {
        context::with(|context| context.leave_span(span));
    }

    fn settling(&self) -> MutexGuard<'_, Settling> {
        self.settling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn polls(&self, id: SlotId) -> Option<u64> {
        self.slab.get(id).map(|(slot, _)| slot.polls())
    }

    /// Wakers of the task that live.
    #[cfg(test)]
    pub(crate) fn live_wakers(&self, id: SlotId) -> Option<u64> {
        Some(self.slab.get(id)?.0.read()?.live_wakers())
    }

    /// Memory of all tables, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.slab.bytes()
            + self.resources.bytes()
            + self.sites.bytes()
            + self.scopes.bytes()
            + self.stacks.bytes()
            + Cancels::bytes()
    }

    /// Whether the application has opened any span that could be a request.
    pub(crate) fn has_scopes(&self) -> bool {
        self.scopes.any()
    }

    /// Live tasks that have no slot, for want of memory.
    pub(crate) fn untracked(&self) -> u64 {
        self.untracked.load(Relaxed).max(0) as u64
    }

    /// Ended tasks that a waker still pins.
    pub(crate) fn zombies(&self) -> u64 {
        self.zombies.load(Acquire).max(0) as u64
    }
}
