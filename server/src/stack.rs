//! Park stacks: where a task registers its waker, captured inside the `waker.clone` event itself.
//!
//! - [`walk`]: the frame-pointer walk, the only unsafe code of the agent;
//! - [`bounds`]: the limits of a thread's stack, which every read of the walk stays within;
//! - [`interner`]: one number per distinct stack;
//! - [`unwinder`]: the slow way, under a budget, for builds without frame pointers.

mod bounds;
mod interner;
mod unwinder;
mod walk;

pub(crate) use interner::{BUDGET, CANCELS, CLASSIFIED, Interner, SPAWN, TOKEN, WAKE};
pub(crate) use unwinder::Budget;

use crate::context::Context;

/// The most frames of one stack.
pub(crate) const MAX_FRAMES: usize = 64;

/// The most frames of a wake: enough to reach from the agent through the primitive to whoever called it.
const WAKE_FRAMES: usize = if cfg!(debug_assertions) { 40 } else { 28 };

/// How stacks are captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Capture {
    /// Not at all.
    Off,
    /// By frame pointers, at every registration.
    FramePointers,
    /// By unwinding, as the budget allows.
    Unwinder,
}

impl Capture {
    /// What this build can do: frame pointers if a probe finds that they hold, the unwinder if not.
    pub(crate) fn probe() -> Self {
        if walk::frame_pointers_hold() { Self::FramePointers } else { Self::Unwinder }
    }
}

/// Where walks from within the poll that the caller begins end: an address on the stack, for `capture`; 0 if unknown.
#[inline]
pub(crate) fn root_frame(capture: Capture, context: &Context) -> usize {
    match capture {
        Capture::Off => 0,
        Capture::FramePointers => walk::root(bounds::of(context)),
        Capture::Unwinder => {
            let local = 0u8;
            &raw const local as usize
        }
    }
}

/// The number of the stack that leads here, up to `root`; `None` if it cannot be told or kept.
#[inline]
pub(crate) fn capture(context: &Context, root: usize, interner: &Interner) -> Option<u32> {
    let stack = walk::Stack::here(bounds::of(context), root)?;
    interner.intern(stack.hash(), || stack.addresses())
}

/// The number of the stack that leads here, where a task is spawned: out to the root of the task that spawns it, or to
/// the start of the thread.
pub(crate) fn capture_spawn(context: &Context, interner: &Interner) -> Option<u32> {
    let root = context.task().map_or(0, |task| task.root_frame);
    let stack = capture(context, root, interner)?;
    interner.mark(stack, SPAWN);
    Some(stack)
}

/// The number of the stack that leads here, where a task is woken: its innermost calls, which show what primitive it
/// is that wakes.
pub(crate) fn capture_wake(context: &Context, interner: &Interner) -> Option<u32> {
    let root = context.task().map_or(0, |task| task.root_frame);
    let stack = walk::Stack::here(bounds::of(context), root)?.innermost(WAKE_FRAMES);
    let number = interner.intern(stack.hash(), || stack.addresses())?;
    interner.mark(number, WAKE);
    Some(number)
}

/// What [`capture`] does, by unwinding.
pub(crate) fn capture_unwound(root: usize, interner: &Interner) -> Option<u32> {
    unwinder::capture(root, interner)
}
