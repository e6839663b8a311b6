//! Putting the agent into a process.

use std::sync::{Arc, OnceLock};

use stranded_analysis::facts::Instrumentation;
use tokio::runtime::Handle;
use tracing_core::subscriber::NoSubscriber;
use tracing_core::{Dispatch, Subscriber};

use crate::agent::{self, Agent};
use crate::canary;
use crate::config::{self, Config, Resources, Stacks};
use crate::faults::{Faults, Part};
use crate::observer::Observer;
use crate::registry::Registry;
use crate::stack::{Budget, Capture};
use crate::subscriber::{Tee, others};

/// Puts the agent into this process as `STRANDED_*` say, and becomes its `tracing` subscriber.
///
/// A service that has a subscriber of its own wraps it instead: [`Builder::wrap`].
pub fn init() -> Agent {
    Builder::new().init()
}

/// How to put the agent into a process. What is set here wins over the environment.
#[derive(Debug)]
pub struct Builder<S = NoSubscriber> {
    config: Config,
    runtimes: Vec<Handle>,
    inner: S,
    faults: Faults,
}

impl Builder {
    /// The settings of the environment, and no other subscriber.
    pub fn new() -> Self {
        let faults = Faults::default();
        let config = Config::from_env(&faults);
        Self { config, runtimes: Vec::new(), inner: NoSubscriber::new(), faults }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Subscriber + Send + Sync + 'static> Builder<S> {
    /// Listens on `address`: `HOST:PORT`, `tcp:HOST:PORT`, `unix:PATH` or `off`.
    ///
    /// One that cannot be read is ignored, and the agent says so.
    pub fn bind(mut self, address: &str) -> Self {
        if let Some(bind) = config::parsed("Builder::bind", Some(address), &self.faults) {
            self.config.bind = bind;
        }
        self
    }

    /// Whether to capture the stack of a task when it parks.
    pub fn stacks(mut self, stacks: Stacks) -> Self {
        self.config.stacks = stacks;
        self
    }

    /// Which of Tokio's resources to track.
    pub fn resources(mut self, resources: Resources) -> Self {
        self.config.resources = resources;
        self
    }

    /// The most memory, in megabytes, that the agent's tables may take. Tasks beyond it are counted,
    /// but not tracked.
    pub fn memory_mb(mut self, megabytes: u32) -> Self {
        self.config.memory_mb = megabytes.max(1);
        self
    }

    /// The name of the service, instead of its executable's.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.config.name = Some(name.into());
        self
    }

    /// Compares the tasks that the agent sees with those that `runtime` counts.
    ///
    /// The runtime in which [`init`](Self::init) is called needs no mention.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.add_runtime(runtime);
        self
    }

    /// Whether to listen on an address that others can reach, with nothing that keeps them out.
    pub fn allow_insecure(mut self, allow: bool) -> Self {
        self.config.allow_insecure = allow;
        self
    }

    /// Hands on to `subscriber` everything that the agent does not keep for itself, so that the
    /// service's own logging and tracing work as without the agent.
    pub fn wrap<T: Subscriber + Send + Sync + 'static>(self, subscriber: T) -> Builder<T> {
        let Self { config, runtimes, inner: _, faults } = self;
        Builder { config, runtimes, inner: subscriber, faults }
    }

    /// Puts the agent into this process and starts it.
    ///
    /// It never panics and never waits for the network. What cannot be done as configured is printed
    /// to standard error once and shown to viewers. Only the first call in a process has an effect;
    /// the others return the same agent.
    pub fn init(self) -> Agent {
        let (agent, first) = self.init_once();
        if !first {
            agent.faults.note(Part::Init, "initialised more than once: only the first time counts");
        }
        agent
    }

    /// The process's agent, and whether this call has put it there.
    pub(crate) fn init_once(mut self) -> (Agent, bool) {
        static AGENT: OnceLock<Agent> = OnceLock::new();
        if let Ok(runtime) = Handle::try_current() {
            self.add_runtime(runtime);
        }
        let mut first = false;
        let agent = AGENT.get_or_init(|| {
            first = true;
            let observer = install(&self.config, self.runtimes, self.inner, &self.faults);
            agent::start(self.config, observer, self.faults)
        });
        (agent.clone(), first)
    }

    fn add_runtime(&mut self, runtime: Handle) {
        if self.runtimes.iter().all(|known| known.id() != runtime.id()) {
            self.runtimes.push(runtime);
        }
    }
}

/// Builds the data plane and makes it the process's subscriber.
fn install<S: Subscriber + Send + Sync + 'static>(
    config: &Config,
    runtimes: Vec<Handle>,
    inner: S,
    faults: &Faults,
) -> Arc<Observer> {
    let (capture, unwound_per_second) = match config.stacks {
        Stacks::Auto => (Capture::probe(), 200),
        Stacks::On => (Capture::probe(), 10_000),
        Stacks::Off => (Capture::Off, 0),
    };
    let budget = Budget::new(unwound_per_second);
    let registry = Arc::new(Registry::new(config.memory_mb, capture, budget));
    registry.resources().switch(config.resources, || ());
    let tee = Tee::new(Arc::clone(&registry), inner);
    others::listen();
    let set = tracing_core::dispatcher::set_global_default(Dispatch::new(tee));
    if set.is_ok() {
        crate::sync::track::follow(&registry);
    }
    let missing = set.err().map(|_| canary::not_installed()).or_else(canary::missing);
    if let Some(Instrumentation::Missing { because, fix }) = &missing {
        faults.note(Part::Subscriber, format!("no task can be seen: {because}; {fix}"));
    }
    let memory_cap = u64::from(config.memory_mb) << 20;
    Arc::new(Observer::new(registry, runtimes, config.name.clone(), memory_cap, missing, faults))
}
