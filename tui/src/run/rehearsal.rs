//! A panic on demand, in debug builds alone: how the real command ends can be watched in a real terminal.

use std::env;
use std::thread;

/// Names the thread that is to panic once the first frame is drawn: `drawing` or `background`.
const VARIABLE: &str = "STRANDED_REHEARSE_PANIC";

/// Panics if it was asked for.
pub(super) fn panic_if_asked() {
    match env::var(VARIABLE).as_deref() {
        Ok("drawing") => panic!("rehearsed by the thread that draws"),
        Ok("background") => drop(thread::spawn(|| panic!("rehearsed by another thread"))),
        _ => {}
    }
}
