//! Park stacks: the calls from the primitive that keeps a waker to the root of the task.

use super::Wait;

/// A park stack's number within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackId(pub u32);

/// One interned park stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkStack {
    /// Its number.
    pub id: StackId,
    /// What the leaf of it waits for; `None` until symbols are resolved.
    pub wait: Option<Wait>,
    /// Index in `frames` of the first frame of user code: the park line. `None`: unresolved, or none.
    pub park: Option<usize>,
    /// Return addresses in the target's address space, leaf first.
    pub addresses: Vec<u64>,
    /// The resolved frames, leaf first, runtime frames cut off at both ends; empty until resolved.
    pub frames: Vec<Frame>,
}

impl ParkStack {
    /// The first frame of user code.
    pub fn park_frame(&self) -> Option<&Frame> {
        self.frames.get(self.park?)
    }
}

/// One call of a park stack; inlined calls have frames of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Demangled path of the function, without hash.
    pub function: String,
    /// Source file, relative to the workspace where that is known.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Whether it is the user's own code: neither runtime nor library.
    pub user: bool,
}
