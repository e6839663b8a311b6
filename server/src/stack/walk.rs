//! The frame-pointer walk.
//!
//! Every compiled function of a build with frame pointers stores its caller's frame pointer at the address in
//! its own, and the return address in the word above. The walk follows that chain.
//!
//! It is safe on any build, whatever the frame-pointer register holds there, because it reads only words that lie
//! (1) inside the current thread's stack as the operating system reports it, (2) above the frame of the walking
//! function itself, and (3) at strictly growing, aligned addresses. All of those words belong to frames of callers, are
//! mapped for as long as the walk runs, and nobody else writes them meanwhile. What a build without frame pointers
//! yields is a short or meaningless list of numbers; [`frame_pointers_hold`] tells such a build apart.

use super::MAX_FRAMES;
use super::bounds::Bounds;

/// Frames between the agent's `enter` and the poll that called it, or more: the walk's end lies that far up.
/// Where nothing is inlined there are more of them; a needless one would tell equal waits apart by who ran them.
const ROOT_ABOVE: usize = if cfg!(debug_assertions) { 8 } else { 5 };

/// A place to start walking, and where to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack {
    frame: usize,
    low: usize,
    high: usize,
    /// Frames at the most.
    most: usize,
}

/// One step of the walk.
struct Frame {
    /// Address of the caller's frame.
    next: usize,
    /// Where the call returns to.
    returns_to: usize,
}

impl Stack {
    /// The stack of the calling function up to the frame at `root`, or to the end of the stack if that is 0.
    #[inline]
    pub(super) fn here(bounds: Bounds, root: usize) -> Option<Self> {
        let frame = frame_pointer();
        let local = 0u8;
        // Above this function's own locals lie only frames that are still in use.
        let low = (&raw const local as usize).max(bounds.low);
        let high = if root == 0 { bounds.high } else { root.min(bounds.high) };
        let stack = Self { frame, low, high, most: MAX_FRAMES };
        stack.holds(frame).then_some(stack)
    }

    /// The same with at most that many frames.
    pub(super) fn innermost(self, frames: usize) -> Self {
        Self { most: frames.min(MAX_FRAMES), ..self }
    }

    #[inline]
    fn holds(&self, frame: usize) -> bool {
        frame >= self.low
            && frame.is_multiple_of(align_of::<usize>())
            && frame.saturating_add(16) <= self.high
    }

    /// The return addresses, innermost first, each with its frame's address.
    #[inline]
    fn steps(self) -> impl Iterator<Item = (usize, usize)> {
        let mut frame = self.frame;
        (0..self.most).map_while(move |_| {
            if frame == 0 || !self.holds(frame) {
                return None;
            }
            let step = read(&self, frame)?;
            let at = frame;
            // Strictly upwards, or the chain is broken and ends here.
            frame = if step.next > frame { step.next } else { 0 };
            (step.returns_to != 0).then_some((at, step.returns_to))
        })
    }

    /// A number that tells stacks apart; never 0.
    #[inline]
    pub(super) fn hash(self) -> u64 {
        let mixed = self.steps().fold(0u64, |hash, (_, address)| {
            (hash.rotate_left(5) ^ address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        });
        (mixed ^ mixed >> 29).max(1)
    }

    /// The return addresses, innermost first.
    pub(super) fn addresses(self) -> Box<[usize]> {
        self.steps().map(|(_, address)| address).collect()
    }
}

/// The frame at `frame`, which the caller has checked with [`Stack::holds`]; checked again here so that
/// no caller can get it wrong.
#[inline]
#[expect(unsafe_code, reason = "reads two words of the current thread's own stack")]
fn read(stack: &Stack, frame: usize) -> Option<Frame> {
    if !stack.holds(frame) {
        return None;
    }
    let words = frame as *const usize;
    // SAFETY: `holds` ensures that both words are aligned and lie between a local of a function that has not
    // returned (`low`) and the end of this thread's stack (`high`): mapped, live stack memory. They are read as
    // volatile, since the compiler knows nothing of them.
    let (next, returns_to) = unsafe { (words.read_volatile(), words.add(1).read_volatile()) };
    Some(Frame { next, returns_to })
}

/// The value of the frame-pointer register in the calling function.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it must read the register of the function that asks")]
#[cfg_attr(
    any(target_arch = "x86_64", target_arch = "aarch64"),
    expect(unsafe_code, reason = "reads one register")
)]
fn frame_pointer() -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        let frame: usize;
        // SAFETY: copies a register; touches neither memory, stack nor flags.
        unsafe {
            std::arch::asm!("mov {}, rbp", out(reg) frame, options(nomem, nostack, preserves_flags));
        }
        frame
    }
    #[cfg(target_arch = "aarch64")]
    {
        let frame: usize;
        // SAFETY: copies a register; touches neither memory, stack nor flags.
        unsafe {
            std::arch::asm!("mov {}, x29", out(reg) frame, options(nomem, nostack, preserves_flags));
        }
        frame
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        0
    }
}

/// The address of a frame some calls above the caller; 0 if there is none.
#[inline]
pub(super) fn root(bounds: Bounds) -> usize {
    let Some(stack) = Stack::here(bounds, 0) else {
        return 0;
    };
    stack.steps().nth(ROOT_ABOVE).map_or(0, |(frame, _)| frame)
}

/// Whether the walk agrees with the unwinder on a short chain of known calls.
pub(super) fn frame_pointers_hold() -> bool {
    std::hint::black_box(probe_outer())
}

#[inline(never)]
fn probe_outer() -> bool {
    std::hint::black_box(probe_middle())
}

#[inline(never)]
fn probe_middle() -> bool {
    std::hint::black_box(probe_inner())
}

#[inline(never)]
fn probe_inner() -> bool {
    let Some(stack) = Stack::here(super::bounds::current_thread(), 0) else {
        return false;
    };
    let walked = stack.addresses();
    let mut unwound = Vec::new();
    backtrace::trace(|frame| {
        unwound.push(frame.ip() as usize);
        unwound.len() < MAX_FRAMES
    });
    // The three calls above, in the same order and without a gap; the walk may have begun one call deeper.
    walked.windows(3).take(2).any(|walked| unwound.windows(3).any(|unwound| unwound == walked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::bounds::current_thread;

    #[test]
    fn this_build_has_frame_pointers() {
        assert!(frame_pointers_hold(), "the workspace's .cargo/config.toml asks for them");
    }

    #[inline(never)]
    fn deep(levels: usize, found: &mut Vec<usize>) {
        if levels > 0 {
            deep(levels - 1, found);
            std::hint::black_box(&found);
        } else {
            *found = Stack::here(current_thread(), 0).unwrap().addresses().into_vec();
        }
    }

    #[test]
    fn the_walk_finds_every_call_and_stops_at_its_limit() {
        let mut found = Vec::new();
        deep(20, &mut found);
        let return_site = found[2];
        assert_eq!(found.iter().filter(|address| **address == return_site).count(), 20);
        deep(10 * MAX_FRAMES, &mut found);
        assert_eq!(found.len(), MAX_FRAMES);
    }

    #[test]
    fn equal_stacks_have_equal_hashes_and_others_do_not() {
        #[inline(never)]
        fn from_one_place() -> u64 {
            Stack::here(current_thread(), 0).unwrap().hash()
        }
        let hashes: Vec<_> = (0..3).map(|_| from_one_place()).collect();
        assert_eq!(hashes[0], hashes[1]);
        assert_eq!(hashes[1], hashes[2]);
        assert_ne!(hashes[0], std::hint::black_box(from_one_place()));
    }

    #[test]
    fn nothing_is_read_outside_the_bounds() {
        let local = 0u8;
        let address = &raw const local as usize;
        let outside =
            [Bounds::NONE, Bounds { low: address, high: address + 8 }, Bounds { low: 8, high: 64 }];
        for bounds in outside {
            assert!(Stack::here(bounds, 0).is_none());
        }
        // A chain that points anywhere else ends: backwards, to itself, unaligned, out of range.
        let bounds = current_thread();
        for next in [0, 1, address & !7, usize::MAX - 7, usize::MAX, bounds.high - 8] {
            let words = [next, 0x1234, 0, 0];
            let frame = words.as_ptr() as usize;
            let stack =
                Stack { frame, low: frame.min(address), high: bounds.high, most: MAX_FRAMES };
            assert!(stack.steps().count() <= MAX_FRAMES);
            assert_eq!(stack.steps().next(), Some((frame, 0x1234)));
        }
    }
}
