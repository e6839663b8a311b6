//! What this thread is inside of: the tasks it polls and the user's spans within them, innermost last.
//!
//! Plain cells without a destructor: reading them costs a thread-local address, and works while the thread exits.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use stranded_analysis::facts::Moment;

use crate::registry::{SlotId, ThingId};
use crate::threads::{self, Place};

/// Entries kept; deeper ones are counted, and not looked at.
const DEPTH: usize = 32;

/// Something entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// A task is being polled.
    Task(PolledTask),
    /// A user's span that has a scope, by its span id.
    Span {
        /// The span's id.
        id: u64,
        /// The number of its scope.
        scope: u32,
    },
    /// A resource of Tokio's, or an operation on one.
    Thing(ThingId),
}

/// A lock that an operation on this thread has just got: the guard is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Completed {
    /// Which lock.
    pub(crate) resource: ThingId,
    /// Whether its guard may leave the task.
    pub(crate) owned: bool,
}

/// A task under poll on this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PolledTask {
    /// Its slot.
    pub(crate) id: SlotId,
    /// Tokio's number of it.
    pub(crate) number: u64,
    /// Its spawn site.
    pub(crate) site: u32,
    /// Where walks of its park stacks end: see [`crate::stack::root_frame`].
    pub(crate) root_frame: usize,
}

/// One thread's context.
pub(crate) struct Context {
    depth: Cell<usize>,
    entered: [Cell<Option<Entered>>; DEPTH],
    /// The task whose poll ended last, while nothing else happened since, and when.
    last_exit: Cell<Option<(SlotId, Moment)>>,
    /// Whether this thread has ever polled a task: a worker.
    worker: Cell<bool>,
    shard: Cell<usize>,
    /// The registry for which this thread has a record, and where; 0: none yet.
    record: Cell<(u32, Place)>,
    /// Until the event by which the lock is taken, which follows at once.
    pub(crate) completed: Cell<Option<Completed>>,
    /// While a wrapped operation is polled: clones of its task's own wakers, less drops.
    kept_wakers: Cell<Option<i32>>,
    /// Lowest and highest address of the thread's stack: `(1, 1)` not asked yet, `(0, 0)` unknown.
    pub(crate) stack_bounds: Cell<(usize, usize)>,
}

thread_local! {
    static CONTEXT: Context = const {
        Context {
            depth: Cell::new(0),
            entered: [const { Cell::new(None) }; DEPTH],
            last_exit: Cell::new(None),
            worker: Cell::new(false),
            shard: Cell::new(usize::MAX),
            record: Cell::new((0, Place::NONE)),
            completed: Cell::new(None),
            kept_wakers: Cell::new(None),
            stack_bounds: Cell::new((1, 1)),
        }
    };
}

/// Looks at this thread's context.
#[inline]
pub(crate) fn with<R>(look: impl FnOnce(&Context) -> R) -> R {
    CONTEXT.with(look)
}

/// Polls a wrapped operation, and counts how many wakers of the polling task it keeps more than before.
pub(crate) fn counting_wakers<R>(poll: impl FnOnce() -> R) -> (R, i32) {
    /// Puts back what was counted around it, whatever happens.
    struct Outer(Option<i32>);
    impl Drop for Outer {
        fn drop(&mut self) {
            with(|context| context.kept_wakers.set(self.0));
        }
    }
    let _outer = Outer(with(|context| context.kept_wakers.replace(Some(0))));
    let result = poll();
    (result, with(|context| context.kept_wakers.get()).unwrap_or(0))
}

impl Context {
    /// A waker of the task under poll is cloned (`1`) or dropped (`-1`). Whether that happens inside a wrapped
    /// operation.
    #[inline]
    pub(crate) fn count_waker(&self, change: i32) -> bool {
        let kept = self.kept_wakers.get();
        if let Some(kept) = kept {
            self.kept_wakers.set(Some(kept + change));
        }
        kept.is_some()
    }

    /// Something was entered.
    #[inline]
    pub(crate) fn push(&self, entered: Entered) {
        let depth = self.depth.get();
        if let Some(cell) = self.entered.get(depth) {
            cell.set(Some(entered));
        }
        self.depth.set(depth + 1);
    }

    /// A task's poll ended, and with it everything entered inside: of a span whose guard is held across an await,
    /// nobody will tell this thread.
    #[inline]
    pub(crate) fn leave_task(&self, id: SlotId) {
        let is = |entered| matches!(entered, Entered::Task(task) if task.id == id);
        match self.find(is) {
            Some(at) => self.depth.set(at),
            None => _ = self.leave_unkept(),
        }
    }

    /// A span was left. Guards may be dropped in any order, and after the poll in which they were taken.
    #[inline]
    pub(crate) fn leave_span(&self, span: u64) {
        self.leave(|entered| matches!(entered, Entered::Span { id, .. } if id == span));
    }

    #[inline]
    fn leave(&self, is: impl Fn(Entered) -> bool) {
        if self.leave_unkept() {
            return;
        }
        let Some(found) = self.find(is) else { return };
        let depth = self.depth.get();
        for at in found + 1..depth {
            self.entered[at - 1].set(self.entered[at].get());
        }
        self.depth.set(depth - 1);
    }

    /// A resource or an operation was left.
    #[inline]
    pub(crate) fn leave_thing(&self, id: ThingId) {
        let depth = self.depth.get();
        let last = depth.checked_sub(1).and_then(|at| self.entered.get(at)).map(Cell::get);
        if last == Some(Some(Entered::Thing(id))) {
            self.depth.set(depth - 1);
            return;
        }
        self.leave(|entered| entered == Entered::Thing(id));
    }

    /// The innermost entry that `is` recognises.
    #[inline]
    fn find(&self, is: impl Fn(Entered) -> bool) -> Option<usize> {
        let depth = self.depth.get().min(DEPTH);
        (0..depth).rev().find(|&at| self.entered[at].get().is_some_and(&is))
    }

    /// Leaves an entry too deep to be kept, if there is one.
    #[inline]
    fn leave_unkept(&self) -> bool {
        let depth = self.depth.get();
        if depth > DEPTH {
            self.depth.set(depth - 1);
        }
        depth > DEPTH
    }

    fn innermost(&self) -> impl Iterator<Item = Entered> {
        let depth = self.depth.get().min(DEPTH);
        (0..depth).rev().filter_map(|at| self.entered[at].get())
    }

    /// The task under poll.
    #[inline]
    pub(crate) fn task(&self) -> Option<PolledTask> {
        self.innermost().find_map(|entered| match entered {
            Entered::Task(task) => Some(task),
            Entered::Span { .. } | Entered::Thing(_) => None,
        })
    }

    /// The innermost resource or operation, if what happens now is about one. Within them only Tokio runs.
    #[inline]
    pub(crate) fn thing(&self) -> Option<ThingId> {
        let depth = self.depth.get();
        // Too deep to be kept: then it is not known.
        match self.entered.get(depth.checked_sub(1)?)?.get()? {
            Entered::Thing(id) => Some(id),
            Entered::Task(_) | Entered::Span { .. } => None,
        }
    }

    /// The operations under way in the innermost task, innermost first.
    fn ops(&self) -> impl Iterator<Item = ThingId> {
        let kept = self.depth.get() <= DEPTH;
        let things = self.innermost().map_while(|entered| match entered {
            Entered::Thing(id) => Some(id),
            Entered::Task(_) | Entered::Span { .. } => None,
        });
        things.filter(move |id| kept && id.is_op())
    }

    /// The operation under way.
    #[inline]
    pub(crate) fn op(&self) -> Option<ThingId> {
        self.ops().next()
    }

    /// The operation of which the one under way is a part.
    #[inline]
    pub(crate) fn outer_op(&self) -> Option<ThingId> {
        self.ops().nth(1)
    }

    /// The innermost of the user's spans within the task under poll: the number of its scope, and its id.
    pub(crate) fn scope(&self) -> Option<(u32, u64)> {
        let things = |entered: &Entered| matches!(entered, Entered::Thing(_));
        match self.innermost().find(|entered| !things(entered))? {
            Entered::Span { id, scope } => Some((scope, id)),
            Entered::Task(_) | Entered::Thing(_) => None,
        }
    }

    /// A task's poll, or its drop, begins: whether it follows the end of its last poll at once.
    #[inline]
    pub(crate) fn begin_poll(&self, id: SlotId, now: Moment, gap_ns: u64) -> bool {
        let last = self.last_exit.take();
        self.worker.set(true);
        last.is_some_and(|(task, at)| task == id && now.0.saturating_sub(at.0) < gap_ns)
    }

    /// A task's poll ended.
    #[inline]
    pub(crate) fn end_poll(&self, id: SlotId, now: Moment) {
        self.last_exit.set(Some((id, now)));
    }

    /// Whether this thread has ever polled a task.
    #[inline]
    pub(crate) fn is_worker(&self) -> bool {
        self.worker.get()
    }

    /// The record of this thread, which polls a task of `registry`.
    #[inline]
    pub(crate) fn take_record(&self, registry: u32, now: Moment) -> Place {
        if self.record.get().0 != registry {
            self.record.set((registry, threads::take(registry, now)));
        }
        self.record.get().1
    }

    /// The record of this thread, if it has polled a task of `registry`.
    #[inline]
    pub(crate) fn record(&self, registry: u32) -> Place {
        let (of, place) = self.record.get();
        if of == registry { place } else { Place::NONE }
    }

    /// This thread ends, and has no record any more.
    pub(crate) fn forget_record(&self) {
        self.record.set((0, Place::NONE));
    }

    /// This thread's number, for choosing among shards.
    #[inline]
    pub(crate) fn shard(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        if self.shard.get() == usize::MAX {
            self.shard.set(NEXT.fetch_add(1, Relaxed));
        }
        self.shard.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> SlotId {
        SlotId::new(number as u32, 1)
    }

    fn task(number: u64) -> Entered {
        Entered::Task(PolledTask { id: id(number), number, site: 0, root_frame: 0 })
    }

    #[test]
    fn the_scope_is_the_innermost_span_within_the_polled_task() {
        with(|context| {
            context.push(Entered::Span { id: 1, scope: 10 });
            assert_eq!(context.scope(), Some((10, 1)));
            context.push(task(5));
            assert_eq!(
                context.scope(),
                None,
                "the span outside belongs to the thread, not to the task"
            );
            context.push(Entered::Span { id: 2, scope: 20 });
            context.push(Entered::Span { id: 3, scope: 30 });
            assert_eq!(context.scope(), Some((30, 3)));
            context.leave_span(2);
            assert_eq!(context.scope(), Some((30, 3)), "left out of order");
            assert_eq!(context.task().map(|task| task.number), Some(5));
            context.leave_span(3);
            context.leave_task(id(5));
            context.leave_span(1);
            assert_eq!(context.innermost().count(), 0);
        });
    }

    #[test]
    fn nesting_deeper_than_is_kept_unwinds_to_where_it_was() {
        with(|context| {
            let depth = DEPTH as u64;
            for number in 0..depth + 10 {
                context.push(task(number));
            }
            for number in (depth..depth + 10).rev() {
                context.leave_task(id(number));
            }
            assert_eq!(context.task().map(|task| task.number), Some(depth - 1));
            for number in (0..depth).rev() {
                context.leave_task(id(number));
            }
            assert_eq!(context.task(), None);
            assert_eq!(context.depth.get(), 0);
        });
    }

    #[test]
    fn spans_held_across_an_await_do_not_stay_when_their_task_has_left() {
        with(|context| {
            context.push(Entered::Span { id: 7, scope: 70 });
            for number in 0..1000 {
                context.push(task(number));
                context.push(Entered::Span { id: 100 + number, scope: 0 });
                context.leave_task(id(number));
            }
            assert_eq!(context.scope(), Some((70, 7)));
            context.push(task(5));
            context.leave_span(100);
            assert_eq!(context.task().map(|task| task.number), Some(5), "its guard goes at last");
            context.leave_task(id(5));
            context.leave_span(7);
            assert_eq!(context.depth.get(), 0);
        });
    }

    #[test]
    fn a_span_beyond_the_kept_depth_is_not_taken_for_the_same_span_within() {
        with(|context| {
            for _ in 0..DEPTH + 2 {
                context.push(Entered::Span { id: 3, scope: 30 });
            }
            context.leave_span(3);
            context.leave_span(3);
            assert_eq!(context.innermost().count(), DEPTH);
            for _ in 0..DEPTH {
                context.leave_span(3);
            }
            assert_eq!(context.depth.get(), 0);
        });
    }
}
