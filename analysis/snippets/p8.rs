use std::collections::HashMap;
use std::sync::Mutex;
use std::task::Waker;

/// Leaks memory: whoever listens is kept, finished or not, and a waker keeps
/// its whole task.
fn leaking(listeners: &Mutex<Vec<Waker>>, waker: &Waker) {
    if let Ok(mut listeners) = listeners.lock() {
        listeners.push(waker.clone());
    }
}

type Listeners = Mutex<HashMap<u64, Waker>>;

/// One listener, for as long as it listens.
struct Listening<'a> {
    listeners: &'a Listeners,
    id: u64,
}

/// Ends: a future that is dropped takes its waker along.
impl Drop for Listening<'_> {
    fn drop(&mut self) {
        if let Ok(mut listeners) = self.listeners.lock() {
            listeners.remove(&self.id);
        }
    }
}

fn fixed(listeners: &Listeners, id: u64, waker: Waker) -> Listening<'_> {
    if let Ok(mut listeners) = listeners.lock() {
        listeners.insert(id, waker);
    }
    Listening { listeners, id }
}
