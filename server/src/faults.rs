//! What the agent could not do as configured: printed once, kept for `Describe` and `stranded doctor`.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The part that a fault is about. A part has at most one fault of a kind at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// A setting, by its name.
    Setting(&'static str),
    /// Being the one agent of the process.
    Init,
    /// Becoming the process's subscriber.
    Subscriber,
    /// The agent's thread and its runtime.
    Thread,
    /// Listening for viewers.
    Listen,
    /// Accepting their connections.
    Accept,
    /// Something in the agent that panicked, by its name.
    Panic(&'static str),
}

/// The faults of one agent, shared by its parts.
///
/// This is the only place that prints: the application's logging is not the agent's, and may not
/// exist yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    standing: Arc<Mutex<BTreeMap<Part, Fault>>>,
}

#[derive(Clone, Debug)]
struct Fault {
    sentence: String,
    /// How often it was noted.
    times: u64,
}

impl Faults {
    /// Notes that `part` has a fault; prints it unless it was there already.
    pub(crate) fn note(&self, part: Part, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if self.replace(part, |_| sentence.clone()) {
            print(&sentence);
        }
    }

    /// Notes that `what` panicked with `payload`, and how often it has.
    pub(crate) fn panicked(&self, what: &'static str, payload: &(dyn Any + Send)) {
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = message.unwrap_or("no message");
        // The panic hook has printed it.
        self.replace(Part::Panic(what), |times| {
            let times = if times == 1 { String::new() } else { format!(", {times} times so far") };
            format!("the agent's {what} panicked{times}: {message}")
        });
    }

    /// Notes that `part` works now; prints `sentence` if it had a fault.
    pub(crate) fn settle(&self, part: Part, sentence: &str) {
        let before = self.lock().remove(&part);
        if before.is_some() {
            print(sentence);
        }
    }

    /// The sentences of all standing faults, in a fixed order.
    pub(crate) fn sentences(&self) -> Vec<String> {
        self.lock().values().map(|fault| fault.sentence.clone()).collect()
    }

    /// Sets the fault of `part` to what `sentence` says of the number of times; whether that is news.
    fn replace(&self, part: Part, sentence: impl FnOnce(u64) -> String) -> bool {
        let mut standing = self.lock();
        let times = standing.get(&part).map_or(1, |fault| fault.times + 1);
        let sentence = sentence(times);
        let before = standing.insert(part, Fault { sentence: sentence.clone(), times });
        before.is_none_or(|fault| fault.sentence != sentence)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Part, Fault>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a line to standard error. `eprintln!` would panic in a service that has closed it.
fn print(sentence: &str) {
    let _ = io::stderr().write_all(format!("stranded: {sentence}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_stands_until_it_is_settled() {
        let faults = Faults::default();
        faults.note(Part::Listen, "the port is busy");
        faults.note(Part::Listen, "the port is busy");
        faults.note(Part::Setting("STRANDED_STACKS"), "not a word for it");
        assert_eq!(faults.sentences(), ["not a word for it", "the port is busy"]);

        faults.settle(Part::Listen, "listening now");
        assert_eq!(faults.sentences(), ["not a word for it"]);
    }

    #[test]
    fn panics_are_counted() {
        let faults = Faults::default();
        faults.panicked("census", &"first");
        assert_eq!(faults.sentences(), ["the agent's census panicked: first"]);
        faults.panicked("census", &"second".to_owned());
        assert_eq!(faults.sentences(), ["the agent's census panicked, 2 times so far: second"]);
    }
}
