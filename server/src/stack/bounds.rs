//! The address range of the current thread's stack, asked for once a thread.

use crate::context::Context;

/// An address range: `low <= address < high`. Empty if unknown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) low: usize,
    pub(super) high: usize,
}

impl Bounds {
    pub(super) const NONE: Self = Self { low: 0, high: 0 };
}

/// The bounds of the current thread's stack.
#[inline]
pub(super) fn of(context: &Context) -> Bounds {
    let (low, high) = match context.stack_bounds.get() {
        (1, 1) => ask(context),
        known => known,
    };
    Bounds { low, high }
}

#[cold]
fn ask(context: &Context) -> (usize, usize) {
    let Bounds { low, high } = current_thread();
    context.stack_bounds.set((low, high));
    (low, high)
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "asks the C library for the limits of the current thread's stack")]
pub(super) fn current_thread() -> Bounds {
    use std::mem::MaybeUninit;
    use std::ptr;

    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: `pthread_getattr_np` initialises the attributes if and only if it returns 0; they are read
    // and destroyed only then, and only once.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return Bounds::NONE;
        }
        let mut low = ptr::null_mut();
        let mut size = 0;
        let answer = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut low, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        if answer != 0 {
            return Bounds::NONE;
        }
        Bounds { low: low as usize, high: low as usize + size }
    }
}

#[cfg(target_os = "macos")]
#[expect(unsafe_code, reason = "asks the C library for the limits of the current thread's stack")]
pub(super) fn current_thread() -> Bounds {
    // SAFETY: both calls only read the current thread's own descriptor.
    unsafe {
        let thread = libc::pthread_self();
        let high = libc::pthread_get_stackaddr_np(thread) as usize;
        Bounds { low: high - libc::pthread_get_stacksize_np(thread), high }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn current_thread() -> Bounds {
    Bounds::NONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_lies_within_the_bounds_of_its_own_thread_only() {
        let check = || {
            let local = 0u8;
            let bounds = current_thread();
            let address = &raw const local as usize;
            assert!(bounds.low <= address && address < bounds.high);
            bounds
        };
        let here = check();
        let there = std::thread::spawn(check).join().unwrap();
        assert!(here.high <= there.low || there.high <= here.low);
    }
}
