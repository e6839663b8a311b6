//! A small service: real tasks in a runtime of its own, seen by a registry of its own.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stranded_analysis::facts::{SiteFacts, SpawnSite, StackId};
use tokio::runtime::{Builder, Runtime};
use tracing_core::Dispatch;
use tracing_core::dispatcher::{DefaultGuard, set_default, with_default};
use tracing_core::subscriber::NoSubscriber;

use super::super::census::Look;
use super::super::*;
use crate::subscriber::Tee;
use crate::symbols::{Described, Symbols};

/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(30);

thread_local! {
    /// Leads what happens on a worker to the agent for as long as the thread lives.
    static TO_AGENT: RefCell<Option<DefaultGuard>> = const { RefCell::new(None) };
}

pub(super) struct Service {
    pub(super) registry: Arc<Registry>,
    pub(super) runtime: Runtime,
    to_agent: Dispatch,
    /// While there is just one dispatcher, `tracing` asks only that of the thread which registers a call site, and
    /// threads of other tests have none.
    _another: Dispatch,
}

impl Service {
    /// A service whose runtime has that many workers; 0: the thread that runs it.
    pub(super) fn with_workers(workers: usize) -> Self {
        let registry = Arc::new(Registry::new(1, Capture::probe(), Budget::new(0)));
        let to_agent = Dispatch::new(Tee::new(Arc::clone(&registry), NoSubscriber::new()));
        let of_workers = to_agent.clone();
        let mut builder = match workers {
            0 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        builder
            .worker_threads(workers.max(1))
            .max_blocking_threads(1)
            .enable_time()
            .on_thread_start(move || TO_AGENT.set(Some(set_default(&of_workers))));
        let runtime = with_default(&to_agent, || builder.build().unwrap());
        Self { registry, runtime, to_agent, _another: Dispatch::new(NoSubscriber::new()) }
    }

    /// Does something in the service, on this thread.
    pub(super) fn run<T>(&self, act: impl FnOnce(&Runtime) -> T) -> T {
        let _inside = self.runtime.enter();
        with_default(&self.to_agent, || act(&self.runtime))
    }

    /// What `find` finds once it finds something in a census with that settle time.
    pub(super) fn until<T>(&self, settle: Duration, mut find: impl FnMut(&Look) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            let look = self.registry.look(settle);
            if let Some(found) = find(&look) {
                return found;
            }
            assert!(start.elapsed() < DEADLINE, "{look:#?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// A stack in words.
    pub(super) fn describe(&self, stack: StackId) -> Described {
        let addresses = self.registry.stacks().addresses(stack.0).unwrap();
        let addresses: Vec<u64> = addresses.iter().map(|address| *address as u64).collect();
        Symbols::default().describe(&addresses)
    }
}

/// The site on that line of the test.
pub(super) fn site_at(look: &Look, line: u32) -> Option<&SiteFacts> {
    let at = |place: &SpawnSite| place.line == line && place.file.starts_with("server/");
    look.sites.iter().find(|site| at(&site.site))
}
