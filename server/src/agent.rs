//! The agent at work: a thread of its own with a runtime of its own.
//!
//! So a service that hangs can still be looked at. A panic of a part of the agent ends that part's
//! turn, is counted, and the part starts again; the service goes on.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::{Config, Resources};
use crate::edge::Edge;
use crate::faults::{Faults, Part};
use crate::listen::{self, Address};
use crate::observer::Observer;
use crate::own;
use crate::service;
use crate::source::Source;

const THREAD: &str = "stranded-agent";
/// The pause before a part that panicked starts again.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// The agent of this process. It lives as long as the process: dropping this handle ends nothing.
#[derive(Clone)]
pub struct Agent {
    place: Arc<Place>,
    pub(crate) observer: Arc<Observer>,
    pub(crate) faults: Faults,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("listening", &*self.place.lock())
            .field("faults", &self.faults.sentences())
            .finish_non_exhaustive()
    }
}

impl Agent {
    /// Where viewers can connect, waiting for it up to `timeout`.
    ///
    /// `None`: not yet, or not at all, then at once; [`faults`](Self::faults) says why. It blocks the
    /// calling thread: in a task, wait only for a moment that you can spare.
    pub fn address(&self, timeout: Duration) -> Option<Address> {
        self.place.wait(timeout)
    }

    /// What the agent could not do as configured, one sentence each.
    pub fn faults(&self) -> Vec<String> {
        self.faults.sentences()
    }

    /// Changes which of Tokio's resources are tracked, from now on. What was created while they were not stays
    /// unknown.
    pub fn track(&self, resources: Resources) {
        self.observer.track(resources);
    }

    fn cannot_run(&self, error: &io::Error) {
        let sentence = format!("the agent has no thread or no runtime to run in: {error}");
        self.faults.note(Part::Thread, sentence);
        self.place.set(Listening::Never);
    }
}

/// Where the agent listens, once that is known.
#[derive(Debug, Default)]
struct Place {
    listening: Mutex<Listening>,
    changed: Condvar,
}

#[derive(Clone, Debug, Default)]
enum Listening {
    #[default]
    NotYet,
    At(Address),
    Never,
}

impl Place {
    fn set(&self, listening: Listening) {
        *self.lock() = listening;
        self.changed.notify_all();
    }

    fn wait(&self, timeout: Duration) -> Option<Address> {
        let not_yet = |listening: &mut Listening| matches!(listening, Listening::NotYet);
        let (listening, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, not_yet)
            .unwrap_or_else(PoisonError::into_inner);
        match &*listening {
            Listening::At(address) => Some(address.clone()),
            Listening::NotYet | Listening::Never => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Listening> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the agent that shows what `observer` sees.
pub(crate) fn start(config: Config, observer: Arc<Observer>, faults: Faults) -> Agent {
    let agent = Agent { place: Arc::default(), observer, faults };
    let started = std::thread::Builder::new().name(THREAD.to_owned()).spawn({
        let agent = agent.clone();
        move || {
            own::mark_thread();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .thread_name(THREAD)
                .on_thread_start(own::mark_thread)
                .build();
            match runtime {
                Ok(runtime) => runtime.block_on(work(config, agent)),
                Err(error) => agent.cannot_run(&error),
            }
        }
    });
    if let Err(error) = started {
        agent.cannot_run(&error);
    }
    agent
}

/// What the agent does, until the process ends.
async fn work(config: Config, agent: Agent) {
    let Agent { place, observer, faults } = agent;
    let config = Arc::new(config);
    let source: Arc<dyn Source> = observer.clone();
    let edge = Arc::new(Edge::new(source, faults.clone()));
    let listener = supervise("listener", &faults, move || {
        serve(Arc::clone(&config), Arc::clone(&edge), Arc::clone(&place))
    });
    let observing = supervise("observer", &faults, move || Arc::clone(&observer).run());
    tokio::join!(listener, observing);
}

/// Listens and serves viewers.
async fn serve(config: Arc<Config>, edge: Arc<Edge>, place: Arc<Place>) {
    let Some((listener, address)) = listen::listen(&config, edge.faults()).await else {
        place.set(Listening::Never);
        return;
    };
    place.set(Listening::At(address));
    let connections = listen::connections(listener, edge.faults().clone());
    if let Err(error) = service::serve(Arc::clone(&edge), connections).await {
        edge.faults().note(Part::Listen, format!("the agent stopped listening: {error}"));
    }
}

/// Runs a part of the agent, again whenever it panics.
async fn supervise<F>(name: &'static str, faults: &Faults, mut part: impl FnMut() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(part()).await {
        if let Ok(payload) = error.try_into_panic() {
            faults.panicked(name, &*payload);
        }
        tokio::time::sleep(AFTER_PANIC).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Nothing here takes this long, unless it never happens.
    const DEADLINE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_part_that_panics_is_counted_and_starts_again() {
        let faults = Faults::default();
        let turns = AtomicU32::new(0);
        supervise("rehearsal", &faults, || {
            let turn = turns.fetch_add(1, Ordering::SeqCst);
            async move { assert!(turn > 0, "of a test") }
        })
        .await;
        assert_eq!(turns.into_inner(), 2);
        assert_eq!(faults.sentences(), ["the agent's rehearsal panicked: of a test"]);
    }

    #[test]
    fn whoever_waits_for_the_address_gets_it_once_it_is_known() {
        let place = Place::default();
        let address = Address::Tcp(([127, 0, 0, 1], 6669).into());
        assert_eq!(place.wait(Duration::ZERO), None);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| place.wait(DEADLINE));
            place.set(Listening::At(address.clone()));
            assert_eq!(waiting.join().unwrap(), Some(address.clone()));
        });
    }

    #[test]
    fn nobody_waits_for_an_address_that_never_comes() {
        let place = Place::default();
        place.set(Listening::Never);
        // Longer than any test may take: it returns at once, or never.
        assert_eq!(place.wait(Duration::MAX), None);
    }
}
