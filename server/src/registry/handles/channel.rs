//! What is kept of one wrapped thing.

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use stranded_analysis::facts::{Hold, Moment, ResourceKind, Side};

use super::here;
use crate::registry::resources::mark::Mark;
use crate::registry::{Registry, SlotId};

/// Handles and waits kept of one thing; the others are only counted.
const MOST: usize = 64;
/// Tasks that ever waited in a token, kept for its cancellation.
const MOST_WAITED: usize = 256;
const TAKERS: usize = 4;

/// One wrapped channel, token or notifier.
#[derive(Debug)]
pub(crate) struct Channel {
    registry: Arc<Registry>,
    pub(super) number: u64,
    pub(super) kind: ResourceKind,
    pub(super) place: &'static Location<'static>,
    pub(super) created: Moment,
    pub(super) created_by: Option<Mark>,
    /// When something was sent or received last; 0: never.
    handed: AtomicU64,
    /// Slot id of the task that received last.
    taker: AtomicU64,
    state: Mutex<State>,
}

/// What changes of it.
#[derive(Debug, Default)]
pub(super) struct State {
    next_key: Key,
    pub(super) ends: Vec<End>,
    pub(super) senders: u64,
    pub(super) receivers: u64,
    pub(super) closed: bool,
    pub(super) waits: Vec<Wait>,
    /// Latest first.
    pub(super) takers: Vec<Mark>,
    /// Of a token: tasks that wait in it or have waited, and whether they did when it was cancelled.
    pub(super) waited: Vec<(Mark, bool)>,
    pub(super) cancelled: Option<Cancelled>,
    children: Vec<Weak<Channel>>,
}

/// One handle.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    key: Key,
    pub(super) side: Side,
    pub(super) task: Option<Mark>,
    pub(super) used: bool,
    pub(super) moved: bool,
}

/// A handle's or a wait's number within its channel.
pub(crate) type Key = u32;

/// One operation that returned `Pending` when it was polled last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    key: Key,
    pub(super) task: Mark,
    /// In which poll of the task that was.
    pub(super) poll: u64,
    pub(super) since: Moment,
    pub(super) wants: Hold,
    /// Whether the waker in it is the task's own.
    pub(super) armed: bool,
}

/// The cancellation of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cancelled {
    pub(super) at: Moment,
    pub(super) by: Option<Mark>,
}

impl Channel {
    pub(super) fn new(
        registry: Arc<Registry>,
        number: u64,
        kind: ResourceKind,
        place: &'static Location<'static>,
    ) -> Self {
        Self {
            created: registry.clock().now(),
            registry,
            number,
            kind,
            place,
            created_by: here(),
            handed: AtomicU64::new(0),
            taker: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new handle, made by the task of this thread.
    pub(crate) fn add_end(&self, side: Side) -> Key {
        let mut state = self.state();
        *state.count(side) += 1;
        let key = state.next_key();
        if state.ends.len() < MOST {
            state.ends.push(End { key, side, task: here(), used: false, moved: false });
        }
        key
    }

    /// The task of this thread uses a handle.
    pub(crate) fn use_end(&self, key: Key) {
        let by = here();
        let mut state = self.state();
        if let Some(end) = state.ends.iter_mut().find(|end| end.key == key) {
            let same = end.task.map(|task| task.raw) == by.map(|task| task.raw);
            end.moved |= end.used && !same;
            end.used = true;
            end.task = by;
        }
    }

    /// A handle is gone.
    pub(crate) fn drop_end(&self, key: Key, side: Side) {
        let mut state = self.state();
        let count = state.count(side);
        *count = count.saturating_sub(1);
        state.ends.retain(|end| end.key != key);
    }

    /// It is closed for good.
    pub(crate) fn close(&self) {
        self.state().closed = true;
    }

    /// Something was sent, or received by the task of this thread.
    pub(crate) fn hand_over(&self, received: bool) {
        self.handed.store(self.registry.clock().now().0, Relaxed);
        let Some(by) = here().filter(|_| received) else { return };
        if self.taker.swap(by.raw, Relaxed) != by.raw {
            let mut state = self.state();
            state.takers.retain(|taker| taker.raw != by.raw);
            state.takers.insert(0, by);
            state.takers.truncate(TAKERS);
        }
    }

    /// When something was handed over last.
    pub(super) fn handed(&self) -> Option<Moment> {
        let at = self.handed.load(Relaxed);
        (at != 0).then_some(Moment(at))
    }

    /// An operation of the task of this thread has returned `Pending`. `armed`: the task whose own waker is in it.
    pub(crate) fn wait(&self, key: Option<Key>, wants: Hold, armed: Option<SlotId>) -> Option<Key> {
        let task = here()?;
        let poll = self.registry.polls(task.id()?)?;
        let armed = armed == task.id();
        let now = self.registry.clock().now();
        let mut state = self.state();
        if self.kind == ResourceKind::Token {
            self.note_waiter(&mut state, task);
        }
        if let Some(wait) = state.waits.iter_mut().find(|wait| Some(wait.key) == key) {
            let since = if wait.task.raw == task.raw { wait.since } else { now };
            *wait = Wait { task, poll, since, armed, ..*wait };
            return key;
        }
        if state.waits.len() >= MOST {
            return None;
        }
        let key = state.next_key();
        state.waits.push(Wait { key, task, poll, since: now, wants, armed });
        Some(key)
    }

    /// An operation is over, or was given up.
    pub(crate) fn wait_no_more(&self, key: Key) {
        self.state().waits.retain(|wait| wait.key != key);
    }

    /// Remembers who waits in a token: they are told to stop when it is cancelled.
    fn note_waiter(&self, state: &mut State, task: Mark) {
        if state.waited.iter().any(|(known, _)| known.raw == task.raw) {
            return;
        }
        if state.waited.len() >= MOST_WAITED {
            state.waited.retain(|(known, _)| self.registry.is_marked_alive(*known));
        }
        if state.waited.len() < MOST_WAITED {
            state.waited.push((task, false));
        }
    }

    /// A token that is cancelled together with this one.
    pub(crate) fn adopt(&self, child: &Arc<Self>) {
        let mut state = self.state();
        if let Some(cancelled) = state.cancelled {
            child.set_cancelled(cancelled);
            return;
        }
        if state.children.len() == state.children.capacity() {
            state.children.retain(|child| child.strong_count() > 0);
        }
        state.children.push(Arc::downgrade(child));
    }

    /// A token is cancelled by the task of this thread, and its children with it.
    pub(crate) fn cancel(&self) {
        let cancelled = Cancelled { at: self.registry.clock().now(), by: here() };
        let mut children = self.set_cancelled(cancelled);
        // Without recursion: there may be long chains of them.
        while let Some(child) = children.pop() {
            if let Some(child) = child.upgrade() {
                children.append(&mut child.set_cancelled(cancelled));
            }
        }
    }

    fn set_cancelled(&self, cancelled: Cancelled) -> Vec<Weak<Self>> {
        let mut state = self.state();
        if state.cancelled.is_none() {
            state.cancelled = Some(cancelled);
            state.closed = true;
            let State { waits, waited, .. } = &mut *state;
            for (task, woken) in waited {
                *woken = waits
                    .iter()
                    .any(|wait| wait.task.raw == task.raw && self.registry.stands(wait));
            }
        }
        std::mem::take(&mut state.children)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.registry.close_channel(self.number);
    }
}

impl State {
    fn next_key(&mut self) -> Key {
        self.next_key = self.next_key.wrapping_add(1);
        self.next_key
    }

    fn count(&mut self, side: Side) -> &mut u64 {
        if side == Side::Receive { &mut self.receivers } else { &mut self.senders }
    }
}
