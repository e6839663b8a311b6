//! The observed process, what its source can tell, and its gauges.

use std::fmt;
use std::time::Duration;

use super::{Moment, TaskId};

/// One run of the target process. A restarted target has another boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootId(pub u64);

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Where the facts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Our agent inside the target.
    Agent,
    /// A `console-subscriber` inside the target.
    Console,
    /// A kind that this build does not know.
    Unknown,
}

/// One kind of fact that a source can deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cap {
    /// Exact live-waker counts.
    Wakers,
    /// The stack at the registration of a waker: where a task waits.
    ParkStacks,
    /// Which task spawned a task.
    Spawners,
    /// Lifetimes of the ended tasks of a site, and its history since process start.
    Norms,
    /// How many tasks the runtime itself counts.
    Coverage,
    /// The request span around a spawn, and whether it has ended.
    Scopes,
    /// Which task performed a wake.
    WokenBy,
    /// Whether a task returned, was cancelled or panicked.
    Endings,
    /// Locks and semaphores with their waiters and owners, as far as created while they were tracked.
    Resources,
    /// Timers, oneshot channels and barriers.
    Timers,
    /// Who cancelled a task: stacks of wakes.
    Cancellations,
    /// The stack from which a task was spawned.
    SpawnStacks,
    /// Threads that poll, tasks that spin or are not polled.
    Activity,
    /// The handles of wrapped channels and tokens.
    Handles,
}

impl Cap {
    /// All of them, in the order of their bits in [`Caps`].
    pub const ALL: [Self; 14] = [
        Self::Wakers,
        Self::ParkStacks,
        Self::Spawners,
        Self::Norms,
        Self::Coverage,
        Self::Scopes,
        Self::WokenBy,
        Self::Endings,
        Self::Resources,
        Self::Timers,
        Self::Cancellations,
        Self::SpawnStacks,
        Self::Activity,
        Self::Handles,
    ];

    /// The name in JSON and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wakers => "wakers",
            Self::ParkStacks => "park_stacks",
            Self::Spawners => "spawners",
            Self::Norms => "norms",
            Self::Coverage => "coverage",
            Self::Scopes => "scopes",
            Self::WokenBy => "woken_by",
            Self::Endings => "endings",
            Self::Resources => "resources",
            Self::Timers => "timers",
            Self::Cancellations => "cancellations",
            Self::SpawnStacks => "spawn_stacks",
            Self::Activity => "activity",
            Self::Handles => "handles",
        }
    }
}

/// The set of facts that a source delivers. A missing one hides columns and turns rules off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps(u32);

impl Caps {
    /// Whether `cap` is delivered.
    pub fn has(self, cap: Cap) -> bool {
        self.0 & (1 << cap as u8) != 0
    }

    /// This set with `cap` added.
    pub fn with(self, cap: Cap) -> Self {
        Self(self.0 | (1 << cap as u8))
    }

    /// The delivered facts, in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = Cap> {
        Cap::ALL.into_iter().filter(move |cap| self.has(*cap))
    }
}

impl FromIterator<Cap> for Caps {
    fn from_iter<I: IntoIterator<Item = Cap>>(caps: I) -> Self {
        caps.into_iter().fold(Self::default(), Self::with)
    }
}

/// Whether Tokio's instrumentation reaches the agent, as its canary task found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instrumentation {
    /// The canary has not run yet.
    Pending,
    /// A task of our own produced spawn, poll, clone, wake, drop and close.
    Working,
    /// It did not; no verdict may be given.
    Missing {
        /// What is missing and why.
        because: String,
        /// The exact change that brings it.
        fix: String,
    },
}

/// How the agent captures park stacks, as its canary found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackCapture {
    /// By walking frame pointers, at every registration.
    FramePointers,
    /// By unwinding, sampled under a budget.
    Unwinder,
    /// Not at all.
    Off,
    /// Not known yet.
    Unknown,
}

/// Which resources the agent tracks. What was created while it did not stays unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceTracking {
    /// None.
    Off,
    /// Locks and semaphores.
    Locks,
    /// Timers, oneshot channels and barriers as well.
    All,
    /// Not known.
    Unknown,
}

/// Who the target is. Sent first, and again when anything in it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetInfo {
    /// The name of the service: its executable, unless configured.
    pub name: String,
    /// Operating system process id in the target's own namespace.
    pub pid: u32,
    /// The host or pod name.
    pub host: Option<String>,
    /// Where the facts come from.
    pub source: Source,
    /// Version of the agent.
    pub agent_version: String,
    /// Version of Tokio in the target.
    pub tokio_version: Option<String>,
    /// What the source can tell.
    pub caps: Caps,
    /// Whether Tokio's instrumentation reaches the agent.
    pub instrumentation: Instrumentation,
    /// How park stacks are captured.
    pub stacks: StackCapture,
    /// Which resources are tracked.
    pub resources: ResourceTracking,
    /// Wall-clock time of [`Moment`] 0, in nanoseconds since the Unix epoch; for display only.
    pub epoch_unix_ns: Option<u64>,
    /// What the agent could not do as configured, one sentence each; empty: all is as configured.
    pub faults: Vec<String>,
}

/// Gauges of the process, its runtimes and the agent itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Live tasks in the agent's registry, its own left out.
    pub tracked: u64,
    /// Live tasks by the count of the registered runtimes, the agent's own left out.
    pub alive: Option<u64>,
    /// Of `tracked`, those that `alive` should count: without blocking, local and `block_on` tasks.
    pub countable: Option<u64>,
    /// Live tasks of the agent itself: hidden, but counted.
    pub own_tasks: u64,
    /// Live tasks not tracked because the memory cap was reached.
    pub untracked: u64,
    /// Live tasks whose waker count is unreliable: never judged by it.
    pub unaccounted: u64,
    /// Tasks ever spawned, the agent's own left out.
    pub spawned: u64,
    /// Tasks ever ended, the agent's own left out.
    pub ended: u64,
    /// Finished tasks whose memory is pinned by a waker that somebody still holds.
    pub zombies: u64,
    /// Resources of the application that are tracked.
    pub resources: u64,
    /// Resources not tracked because the memory cap was reached.
    pub resources_untracked: u64,
    /// Tasks of the wait graph that were left out of it.
    pub waiting_omitted: u64,
    /// Worker threads of the registered runtimes.
    pub workers: Option<u32>,
    /// The threads for blocking work of the registered runtimes.
    pub blocking: Option<BlockingPool>,
    /// The end of the latest poll of any application task.
    pub last_poll: Option<Moment>,
    /// The poll that has been running longest, and since when.
    pub longest_poll: Option<(TaskId, Moment)>,
    /// Resident memory of the process, in bytes.
    pub rss_bytes: Option<u64>,
    /// Open sockets of the process.
    pub open_sockets: Option<u64>,
    /// CPU time that the agent's own threads have used since its start.
    pub agent_cpu: Option<Duration>,
    /// Memory that the agent's tables hold, in bytes.
    pub agent_bytes: u64,
    /// The cap of `agent_bytes`.
    pub agent_bytes_cap: u64,
    /// Attached viewers.
    pub viewers: u32,
    /// Distinct park stacks that were not kept because the table was full.
    pub stacks_lost: u64,
}

/// The threads for blocking work of all registered runtimes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockingPool {
    /// Threads there are.
    pub threads: u64,
    /// Of them, those with nothing to do.
    pub idle: u64,
    /// Work that waits for a thread.
    pub queued: u64,
}
