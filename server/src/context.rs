//! What this thread is inside of: the tasks it polls and the user's spans within them, innermost last.
//!
//! Plain cells without a destructor: reading them costs a thread-local address, and works while the thread exits.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use stranded_analysis::facts::Moment;

use crate::registry::SlotId;

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
    enters: Cell<u32>,
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
            enters: Cell::new(0),
            stack_bounds: Cell::new((1, 1)),
        }
    };
}

/// Looks at this thread's context.
#[inline]
pub(crate) fn with<R>(look: impl FnOnce(&Context) -> R) -> R {
    CONTEXT.with(look)
}

impl Context {
    /// Something was entered.
    #[inline]
    pub(crate) fn push(&self, entered: Entered) {
        let depth = self.depth.get();
        if let Some(cell) = self.entered.get(depth) {
            cell.set(Some(entered));
        }
        self.depth.set(depth + 1);
    }

    /// The task or span that `is` recognises was left. Guards may be dropped in any order.
    #[inline]
    pub(crate) fn pop(&self, is: impl Fn(Entered) -> bool) {
        let depth = self.depth.get();
        if depth > DEPTH {
            self.depth.set(depth - 1);
            return;
        }
        let found = (0..depth).rev().find(|&at| self.entered[at].get().is_some_and(&is));
        let Some(found) = found else { return };
        for at in found + 1..depth {
            self.entered[at - 1].set(self.entered[at].get());
        }
        self.depth.set(depth - 1);
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
            Entered::Span { .. } => None,
        })
    }

    /// The innermost of the user's spans within the task under poll: the number of its scope, and its id.
    pub(crate) fn scope(&self) -> Option<(u32, u64)> {
        match self.innermost().next()? {
            Entered::Span { id, scope } => Some((scope, id)),
            Entered::Task(_) => None,
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

    /// True once in 64 calls.
    #[inline]
    pub(crate) fn sampled(&self) -> bool {
        let enters = self.enters.get().wrapping_add(1);
        self.enters.set(enters);
        enters.is_multiple_of(64)
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

    fn task(number: u64) -> Entered {
        Entered::Task(PolledTask {
            id: SlotId::new(number as u32, 1),
            number,
            site: 0,
            root_frame: 0,
        })
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
            context.pop(|entered| matches!(entered, Entered::Span { id: 2, .. }));
            assert_eq!(context.scope(), Some((30, 3)), "left out of order");
            assert_eq!(context.task().map(|task| task.number), Some(5));
            context.pop(|entered| entered == task(5));
            context.pop(|entered| matches!(entered, Entered::Span { .. }));
            context.pop(|entered| matches!(entered, Entered::Span { .. }));
            assert_eq!(context.innermost().count(), 0);
        });
    }

    #[test]
    fn nesting_deeper_than_is_kept_unwinds_to_where_it_was() {
        with(|context| {
            for number in 0..DEPTH as u64 + 10 {
                context.push(task(number));
            }
            for _ in 0..10 {
                context.pop(|_| false);
            }
            assert_eq!(context.task().map(|task| task.number), Some(DEPTH as u64 - 1));
            for number in (0..DEPTH as u64).rev() {
                context.pop(|entered| entered == task(number));
            }
            assert_eq!(context.task(), None);
        });
    }
}
