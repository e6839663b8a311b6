//! An event bus as a dependency would bring it: a global list of callbacks, and no way to get off it.

use std::sync::{Mutex, PoisonError};

/// What is called with the name of each user who logs out.
type Callback = Box<dyn Fn(&str) + Send>;

static CALLBACKS: Mutex<Vec<Callback>> = Mutex::new(Vec::new());

/// Calls `callback` on every logout from now on.
pub(super) fn on_logout(callback: impl Fn(&str) + Send + 'static) {
    CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(callback));
}

/// Tells everybody that `user` has logged out.
pub(super) fn logged_out(user: &str) {
    for callback in CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        callback(user);
    }
}
