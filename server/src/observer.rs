//! The registry as the services see it: a census now and then, rows when asked, stacks with their symbols.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stranded_analysis::facts::{
    BootId, Cap, Caps, Gauges, Instrumentation, Moment, ParkStack, ResourceTracking,
    Source as SourceKind, StackCapture, StackId, TargetInfo, TaskFacts, Update, View,
};
use tokio::runtime::Handle;

use crate::canary;
use crate::config::Resources;
use crate::faults::Faults;
use crate::process::{self, OwnCpu};
use crate::registry::{Guarded, Look, Registry};
use crate::resolver::Resolver;
use crate::source::{Census, Rows, Source};
use crate::stack::Capture;

/// The time between two looks at the histories, and at all tasks while somebody watches.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two looks at all tasks while nobody watches.
const UNWATCHED: u64 = 5;
/// Ticks between two canaries.
const CANARY: u64 = 60;
/// Ticks between two counts of open sockets.
const SOCKETS: u64 = 10;
/// How long a task without wakers must stay unchanged to be called settled: rules.md, section 1.
const SETTLE: Duration = Duration::from_secs(5);

/// The facts of this process.
#[derive(Debug)]
pub(crate) struct Observer {
    registry: Arc<Registry>,
    runtimes: Vec<Handle>,
    name: Option<String>,
    memory_cap: u64,
    /// No instrumentation can ever arrive, so that a canary would prove nothing.
    blind: bool,
    cpu: Arc<OwnCpu>,
    resolver: Resolver,
    viewers: AtomicI32,
    latest: Mutex<Latest>,
    /// At most one census is taken at a time.
    looking: Mutex<()>,
}

/// What was found last.
#[derive(Debug)]
struct Latest {
    census: Arc<Census>,
    examples: Vec<TaskFacts>,
    instrumentation: Instrumentation,
    scopes: bool,
    open_sockets: Option<u64>,
}

impl Observer {
    /// An observer of `registry`. `missing`: what keeps Tokio's instrumentation from it for good, if anything does.
    pub(crate) fn new(
        registry: Arc<Registry>,
        runtimes: Vec<Handle>,
        name: Option<String>,
        memory_cap: u64,
        missing: Option<Instrumentation>,
        faults: &Faults,
    ) -> Self {
        let cpu = Arc::new(OwnCpu::default());
        let census = Census::empty(Moment(1));
        Self {
            resolver: Resolver::new(Arc::clone(&registry), Arc::clone(&cpu), faults.clone()),
            registry,
            runtimes,
            name,
            memory_cap,
            blind: missing.is_some(),
            cpu,
            viewers: AtomicI32::new(0),
            latest: Mutex::new(Latest {
                census: Arc::new(census),
                examples: Vec::new(),
                instrumentation: missing.unwrap_or(Instrumentation::Pending),
                scopes: false,
                open_sockets: None,
            }),
            looking: Mutex::new(()),
        }
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps looking, on the agent's own runtime, until the process ends.
    pub(crate) async fn run(self: Arc<Self>) {
        self.cpu.add_thread();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for tick in 0.. {
            ticks.tick().await;
            if tick % CANARY == 0 && !self.blind {
                // Where there was no room to see it, what is known still holds.
                if let Some(found) = canary::fly(&self.registry).await {
                    self.latest().instrumentation = found;
                }
            }
            if tick % SOCKETS == 0 {
                let sockets = process::open_sockets();
                self.latest().open_sockets = sockets;
            }
            self.registry.observe();
            if tick % UNWATCHED == 0 || self.viewers.load(Relaxed) > 0 {
                self.take_census();
            }
        }
    }

    /// Changes which resources are tracked.
    pub(crate) fn track(&self, resources: Resources) {
        let follow = tracing_core::callsite::rebuild_interest_cache;
        self.registry.resources().switch(resources, follow);
    }

    /// The registry whose facts these are.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether the instrumentation reaches the agent, as far as known by now.
    pub(crate) fn instrumentation(&self) -> Instrumentation {
        self.latest().instrumentation.clone()
    }

    /// A look at the guarded tasks alone: the sites of those that are left, with what they wait for.
    pub(crate) fn look_at(&self, guarded: &Guarded, settle: Duration) -> Look {
        let _one = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let mut look = self.registry.look_at(settle, Some(guarded));
        for site in &mut look.sites {
            let parked: u64 = site.clusters.iter().map(|cluster| cluster.parked).sum();
            site.live = site.running + site.scheduled + parked;
        }
        look.sites.retain(|site| site.live > 0);
        look
    }

    /// The update that a viewer would get who could see nothing but what `look` found, with `stacks`.
    pub(crate) fn update_of(&self, look: Look, stacks: Vec<ParkStack>) -> Update {
        let gauges =
            Gauges { tracked: look.tracked, last_poll: look.last_poll, ..Gauges::default() };
        Update {
            target: Some(self.describe(Instrumentation::Working, self.registry.has_scopes())),
            gauges: Some(gauges),
            sites: look.sites,
            tasks: look.examples,
            resources: look.waiting.resources,
            waiting: look.waiting.tasks,
            stacks,
            ..Update::empty(BootId(1), 1, look.at)
        }
    }

    fn take_census(&self) {
        let _one = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let look = self.registry.look(SETTLE);
        self.resolver.learn_places(&look.sites);
        self.resolver.classify(&look.unclassified);
        let scopes = self.registry.has_scopes();
        let open_sockets = self.latest().open_sockets;
        let alive =
            self.runtimes.iter().map(|runtime| runtime.metrics().num_alive_tasks() as u64).sum();
        let workers =
            self.runtimes.iter().map(|runtime| runtime.metrics().num_workers()).sum::<usize>();
        let registered = !self.runtimes.is_empty();
        let others = look.sites.iter().filter(|site| !site.own);
        let gauges = Gauges {
            tracked: look.tracked,
            alive: registered.then_some(alive),
            countable: registered.then_some(look.countable),
            own_tasks: look.own,
            untracked: self.registry.untracked(),
            unaccounted: look.unaccounted,
            spawned: others.clone().map(|site| site.spawned).sum(),
            ended: others.map(|site| site.returned + site.cancelled + site.panicked).sum(),
            zombies: self.registry.zombies(),
            workers: registered.then(|| u32::try_from(workers).unwrap_or(u32::MAX)),
            blocking: process::blocking_pool(&self.runtimes),
            last_poll: look.last_poll,
            longest_poll: look.longest_poll,
            rss_bytes: process::rss_bytes(),
            open_sockets,
            agent_cpu: self.cpu.used(),
            agent_bytes: self.registry.bytes(),
            agent_bytes_cap: self.memory_cap,
            viewers: self.viewers.load(Relaxed).max(0).unsigned_abs(),
            stacks_lost: self.registry.stacks().lost(),
            resources: self.registry.resources().live(),
            resources_untracked: self.registry.resources().untracked(),
            waiting_omitted: look.waiting.omitted,
        };
        let mut latest = self.latest();
        latest.census = Arc::new(Census {
            gauges,
            sites: look.sites,
            activity: look.activity,
            resources: look.waiting.resources,
            waiting: look.waiting.tasks,
            ..Census::empty(look.at)
        });
        latest.examples = look.examples;
        latest.scopes = scopes;
    }

    /// Who this process is, with what it can tell if it is instrumented.
    fn describe(&self, instrumentation: Instrumentation, scopes: bool) -> TargetInfo {
        let working = instrumentation == Instrumentation::Working;
        let capture = self.registry.capture();
        let wrapped = self.registry.has_wrapped();
        let resources = self.registry.resources().level();
        let caps = [
            (Cap::Wakers, true),
            (Cap::ParkStacks, capture != Capture::Off),
            (Cap::Spawners, true),
            (Cap::Norms, true),
            (Cap::Coverage, !self.runtimes.is_empty()),
            (Cap::Scopes, scopes),
            (Cap::WokenBy, true),
            (Cap::Endings, true),
            (Cap::Handles, wrapped),
            (Cap::Activity, true),
            (Cap::Cancellations, capture == Capture::FramePointers || wrapped),
            (Cap::SpawnStacks, capture == Capture::FramePointers),
            (Cap::Resources, resources != Resources::Off),
            (Cap::Timers, resources == Resources::All),
        ];
        TargetInfo {
            name: self
                .name
                .clone()
                .or_else(process::executable)
                .unwrap_or_else(|| "unknown".to_owned()),
            pid: std::process::id(),
            host: process::host(),
            source: SourceKind::Agent,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            tokio_version: self.registry.tokio().map(str::to_owned),
            caps: caps
                .into_iter()
                .filter(|(_, has)| *has && working)
                .map(|(cap, _)| cap)
                .collect::<Caps>(),
            instrumentation,
            resources: match resources {
                Resources::Off => ResourceTracking::Off,
                Resources::Locks => ResourceTracking::Locks,
                Resources::All => ResourceTracking::All,
            },
            stacks: match capture {
                Capture::FramePointers => StackCapture::FramePointers,
                Capture::Unwinder => StackCapture::Unwinder,
                Capture::Off => StackCapture::Off,
            },
            epoch_unix_ns: self.registry.clock().epoch_unix_ns(),
            faults: Vec::new(),
        }
    }
}

impl Source for Observer {
    fn target(&self) -> TargetInfo {
        let latest = self.latest();
        self.describe(latest.instrumentation.clone(), latest.scopes)
    }

    fn census(&self) -> Arc<Census> {
        let known = Arc::clone(&self.latest().census);
        if self.registry.clock().now().since(known.at) < TICK {
            return known;
        }
        self.take_census();
        Arc::clone(&self.latest().census)
    }

    fn rows(&self, view: &View) -> Rows {
        let mut rows = self.registry.rows(view, &|stack| self.stack(stack));
        let known: HashSet<_> = rows.tasks.iter().map(|task| task.id).collect();
        let latest = self.latest();
        let examples = latest
            .examples
            .iter()
            .filter(|task| (view.own || !task.own) && !known.contains(&task.id));
        rows.tasks.extend(examples.cloned());
        rows
    }

    fn stack(&self, id: StackId) -> Option<ParkStack> {
        // The resolver reads the program's debug information; what goes wrong there must stay there.
        catch_unwind(AssertUnwindSafe(|| self.resolver.stack(id))).ok().flatten()
    }

    fn viewers(&self, change: i32) {
        self.viewers.fetch_add(change, Relaxed);
    }
}
