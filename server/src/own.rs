//! Which threads are the agent's own: what they spawn and log is hidden from the application's view.

use std::cell::Cell;

thread_local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// Makes the current thread one of the agent's own, for good.
pub(crate) fn mark_thread() {
    let _ = OWN.try_with(|own| own.set(true));
}

/// Whether the current thread is one of the agent's own; false while it exits.
pub(crate) fn is_own() -> bool {
    OWN.try_with(Cell::get).unwrap_or(false)
}
