//! Scenario files: what a target tells at some moments, in a form that a reader can write by hand, and
//! what is to be found.
//!
//! An `[[update]]` is one census `at` a moment since the agent's start. A `[[update.site]]` is the spawn site
//! `at` a place; counts that are left out follow from the others. A `[[update.site.crowd]]` is a cluster of
//! parked tasks. Lists of durations or counts may hold `"36 x 41m"` for 36 of them, and lists of counts also
//! `"1..12"` for 1, 2, up to 12. A stack is `"WAIT FILE:LINE FUNCTION"`, or `"unresolved"`.

mod graph;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use stranded_analysis::facts::{
    Activity, Bin, BlockingPool, BootId, CancelSeen, Cancelled, Cap, Caps, Cluster, Frame, Gauges,
    History, Instrumentation, LongPoll, Moment, Outlived, ParkStack, Place, ResourceCount,
    ResourceId, ResourceKind, ResourceTracking, SiteFacts, SiteId, Source, SpawnSite, SpawnedBy,
    SpinningTask, StackCapture, StackCount, StackId, TargetInfo, TaskId, TaskKind, TaskRef, Timers,
    Update, Wait, Worker, WorkerId,
};
use stranded_analysis::histogram::LogHistogram;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What the program does, and why that is or is not a leak.
    about: String,
    #[serde(default)]
    target: Target,
    update: Vec<UpdateIn>,
    expect: Expect,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    /// Facts that this source does not deliver.
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    instrumentation: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateIn {
    at: String,
    #[serde(default)]
    site: Vec<SiteIn>,
    #[serde(default)]
    alive: Option<u64>,
    #[serde(default)]
    unaccounted: u64,
    #[serde(default)]
    open_sockets: Option<u64>,
    /// The end of the latest poll; now, unless said.
    #[serde(default)]
    last_poll: Option<String>,
    #[serde(default)]
    partial: bool,
    #[serde(default)]
    resource: Vec<graph::ResourceIn>,
    #[serde(default)]
    waiting: Vec<graph::WaitingIn>,
    #[serde(default)]
    waiting_omitted: u64,
    #[serde(default)]
    spinning: Vec<SpinningIn>,
    #[serde(default)]
    long_poll: Vec<LongPollIn>,
    /// Tasks that were woken long ago and not polled since.
    #[serde(default)]
    unpolled: u64,
    /// Some of them.
    #[serde(default)]
    woken: Vec<graph::WokenIn>,
    /// Threads that are inside no long poll.
    #[serde(default)]
    worker: Vec<graph::WorkerIn>,
    /// Threads for blocking work, how many of them are idle, and work that waits for one.
    #[serde(default)]
    blocking: Option<(u64, u64, u64)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpinningIn {
    task: u64,
    site: String,
    since: String,
    polls_per_s: f64,
    self_woken: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LongPollIn {
    task: u64,
    site: String,
    since: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteIn {
    at: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    first: Option<String>,
    #[serde(default)]
    last: Option<String>,
    spawned: u64,
    #[serde(default)]
    cancelled: u64,
    #[serde(default)]
    panicked: u64,
    /// Lifetimes of the returned tasks, which also tells how many returned.
    #[serde(default)]
    returned: Vec<String>,
    #[serde(default)]
    max_live: Option<u64>,
    #[serde(default)]
    scheduled: u64,
    #[serde(default)]
    children: u64,
    #[serde(default)]
    revived: u64,
    #[serde(default)]
    own: bool,
    /// Size of the largest future, in bytes.
    #[serde(default)]
    bytes: Option<u64>,
    /// Gaps between wakes.
    #[serde(default)]
    park_times: Vec<String>,
    #[serde(default)]
    poll_times: Vec<String>,
    #[serde(default)]
    running_for: Vec<String>,
    /// `"12 x FUNCTION FILE:LINE"`.
    #[serde(default)]
    spawn_stacks: Vec<String>,
    #[serde(default)]
    minutes: Bins,
    #[serde(default)]
    recent: Bins,
    #[serde(default)]
    zombies: Option<graph::ZombiesIn>,
    #[serde(default)]
    crowd: Vec<CrowdIn>,
    #[serde(default)]
    spawned_by: Vec<SpawnedByIn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bins {
    #[serde(default)]
    spawned: Vec<String>,
    #[serde(default)]
    min_live: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CrowdIn {
    #[serde(default)]
    stacks: Vec<String>,
    ages: Vec<String>,
    /// For how long the one that is parked longest is parked; the oldest age, unless said.
    #[serde(default)]
    parked: Option<String>,
    /// "driver", "task" or "never"; never, unless said.
    #[serde(default)]
    woken: Option<String>,
    #[serde(default)]
    last_wake: Option<String>,
    #[serde(default)]
    polls: Option<(u64, u64)>,
    /// Whether the stacks are of an earlier poll.
    #[serde(default)]
    stale: bool,
    #[serde(default)]
    zero_wakers: u64,
    /// Of them, those seen so through the settle time; all, unless said.
    #[serde(default)]
    settled: Option<u64>,
    #[serde(default)]
    outlived: Option<OutlivedIn>,
    #[serde(default)]
    unaccounted: u64,
    #[serde(default)]
    waker_gone: Option<WakerGoneIn>,
    #[serde(default)]
    last_waker: Option<TaskIn>,
    #[serde(default)]
    cancelled: Option<CancelledIn>,
    #[serde(default)]
    timers: Option<TimersIn>,
    /// `"31 x NAME"` of a resource.
    #[serde(default)]
    waits: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WakerGoneIn {
    tasks: u64,
    ago: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskIn {
    task: u64,
    #[serde(default)]
    site: Option<String>,
    #[serde(default)]
    alive: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CancelledIn {
    ago: Vec<String>,
    /// By way of its siblings.
    #[serde(default)]
    sibling: bool,
    #[serde(default)]
    by: Option<TaskIn>,
    #[serde(default)]
    token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimersIn {
    tasks: u64,
    soonest: String,
    latest: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutlivedIn {
    ended: Vec<String>,
    scope: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpawnedByIn {
    /// None: spawned outside any task.
    #[serde(default)]
    site: Option<String>,
    live: u64,
    #[serde(default)]
    orphans: u64,
}

/// What is to be found after the last update.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub verdict: String,
    /// All findings, worst first.
    #[serde(default)]
    pub finding: Vec<ExpectFinding>,
    /// Words in the verdicts on sites: "H5", "unknown".
    #[serde(default)]
    pub site: Vec<ExpectSite>,
    /// Words in the reasons and in the rules that are off.
    #[serde(default)]
    pub says: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectFinding {
    pub rule: String,
    pub class: String,
    pub site: String,
    #[serde(default)]
    pub park: Option<String>,
    pub affected: u64,
    #[serde(default)]
    pub candidate: bool,
    /// What its tasks are blocked behind, if they are victims.
    #[serde(default)]
    pub behind: Option<String>,
    /// Words in its evidence.
    #[serde(default)]
    pub says: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectSite {
    pub at: String,
    pub says: String,
}

/// A scenario, ready to be applied.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub about: String,
    pub updates: Vec<Update>,
    pub expect: Expect,
}

impl Scenario {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The scenario of that name, as `leaks/survivors`.
    pub(crate) fn named(name: &str) -> Self {
        Self::read(&directory().join(format!("{name}.toml")))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let file: File = toml::from_str(text)?;
        let mut names = Names::default();
        let last = file.update.len() as u64;
        let updates = file
            .update
            .iter()
            .enumerate()
            .map(|(at, update)| {
                names.update(at as u64 + 1, update, (at == 0).then_some(&file.target))
            })
            .collect::<Vec<_>>();
        assert!(last > 0, "a scenario has updates");
        Ok(Self { about: file.about, updates, expect: file.expect })
    }
}

pub(crate) fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// `src/cache.rs:88`.
pub(crate) fn at(site: &SpawnSite) -> String {
    format!("{}:{}", site.file, site.line)
}

/// The numbers that sites and stacks get, by what the file calls them.
#[derive(Default)]
struct Names {
    sites: HashMap<String, SiteId>,
    stacks: HashMap<String, StackId>,
    resources: HashMap<String, ResourceId>,
    kinds: HashMap<String, ResourceKind>,
    tasks: u64,
}

impl Names {
    fn update(&mut self, seq: u64, input: &UpdateIn, target: Option<&Target>) -> Update {
        let now = moment(&input.at);
        let mut update = Update::empty(BootId(7), seq, now);
        update.complete = !input.partial;
        update.target = target.map(target_info);
        let known = self.stacks.len();
        update.sites = input.site.iter().map(|site| self.site(site, now)).collect();
        update.stacks = self
            .stacks
            .iter()
            .filter(|(_, id)| id.0 as usize >= known)
            .map(|(text, id)| stack(*id, text))
            .collect();
        update.stacks.sort_by_key(|stack| stack.id);
        let tracked = update.sites.iter().filter(|site| !site.own).map(|site| site.live).sum();
        update.resources = input
            .resource
            .iter()
            .map(|resource| self.resource(resource, &input.waiting, now))
            .collect();
        update.waiting = input.waiting.iter().map(|task| self.waiting(task, now)).collect();
        update.activity = Some(self.activity(input, now));
        update.gauges = Some(Gauges {
            tracked,
            alive: Some(input.alive.unwrap_or(tracked)),
            countable: Some(tracked),
            unaccounted: input.unaccounted,
            open_sockets: input.open_sockets,
            last_poll: Some(input.last_poll.as_deref().map_or(now, moment)),
            waiting_omitted: input.waiting_omitted,
            blocking: input.blocking.map(|(threads, idle, queued)| BlockingPool {
                threads,
                idle,
                queued,
            }),
            ..Gauges::default()
        });
        update
    }

    fn site_id(&mut self, place: &str) -> SiteId {
        let next = SiteId(self.sites.len() as u32);
        *self.sites.entry(place.to_owned()).or_insert(next)
    }

    fn stack_id(&mut self, text: &str) -> StackId {
        let next = StackId(self.stacks.len() as u32);
        *self.stacks.entry(text.to_owned()).or_insert(next)
    }

    fn task(&mut self, input: &TaskIn) -> TaskRef {
        let site = input.site.as_ref().map(|site| self.site_id(site));
        TaskRef { id: TaskId(input.task), site, alive: input.alive }
    }

    fn activity(&mut self, input: &UpdateIn, now: Moment) -> Activity {
        let workers = input.long_poll.iter().enumerate().map(|(at, poll)| Worker {
            id: WorkerId(at as u32),
            name: "tokio-runtime-worker".to_owned(),
            polling: Some(LongPoll {
                task: TaskId(poll.task),
                site: self.site_id(&poll.site),
                since: now.back(span(&poll.since)),
            }),
            last_poll: None,
            last_local_poll: None,
        });
        let workers: Vec<Worker> =
            workers.chain(input.worker.iter().map(|worker| worker.at(now))).collect();
        let spinning = input.spinning.iter().map(|task| SpinningTask {
            id: TaskId(task.task),
            site: self.site_id(&task.site),
            since: now.back(span(&task.since)),
            polls_per_s: task.polls_per_s,
            self_woken: task.self_woken,
        });
        let spinning = spinning.collect();
        Activity {
            workers,
            spinning,
            unpolled: input.woken.iter().map(|task| self.woken(task, now)).collect(),
            unpolled_total: input.unpolled + input.woken.len() as u64,
        }
    }

    fn site(&mut self, input: &SiteIn, now: Moment) -> SiteFacts {
        let (file, line) = input.at.rsplit_once(':').expect("a place is FILE:LINE");
        let lifetimes = histogram(&input.returned);
        let returned = lifetimes.count();
        let live = input.spawned - returned - input.cancelled - input.panicked;
        let place = SpawnSite {
            file: file.to_owned(),
            line: line.parse().expect("a line is a number"),
            column: 9,
            name: input.name.clone(),
            kind: match input.kind.as_deref() {
                None | Some("task") => TaskKind::Task,
                Some("local") => TaskKind::Local,
                Some("blocking") => TaskKind::Blocking,
                Some("block_on") => TaskKind::BlockOn,
                Some(other) => panic!("no kind {other}"),
            },
        };
        let first_spawn = input.first.as_deref().map_or(Moment(0), moment);
        SiteFacts {
            last_spawn: input.last.as_deref().map_or(now, moment),
            spawned: input.spawned,
            returned,
            cancelled: input.cancelled,
            panicked: input.panicked,
            live,
            max_live: input.max_live.unwrap_or(live),
            scheduled: input.scheduled,
            future_bytes: input.bytes.unwrap_or(1024),
            lifetimes,
            park_times: histogram(&input.park_times),
            poll_times: histogram(&input.poll_times),
            running_for: histogram(&input.running_for),
            spawn_stacks: input
                .spawn_stacks
                .iter()
                .map(|text| {
                    let (tasks, stack) = text.split_once(" x ").expect("COUNT x STACK");
                    let tasks = tasks.parse().expect("a count");
                    StackCount { stack: self.stack_id(&format!("spawn {stack}")), tasks }
                })
                .collect(),
            minutes: history(&input.minutes, Duration::from_secs(60), now, live),
            recent: history(&input.recent, Duration::from_secs(5), now, live),
            clusters: input.crowd.iter().map(|crowd| self.cluster(crowd, now)).collect(),
            spawned_by: input
                .spawned_by
                .iter()
                .map(|by| SpawnedBy {
                    site: by.site.as_ref().map(|site| self.site_id(site)),
                    live: by.live,
                    orphans: by.orphans,
                })
                .collect(),
            zombies: input.zombies.as_ref().map(|zombies| self.zombies(zombies)),
            children: input.children,
            revived: input.revived,
            own: input.own,
            ..SiteFacts::new(self.site_id(&input.at), place, first_spawn)
        }
    }

    fn cluster(&mut self, input: &CrowdIn, now: Moment) -> Cluster {
        let ages = histogram(&input.ages);
        let parked = ages.count();
        let oldest = durations(&input.ages).map(|(_, age)| age).max().expect("a crowd has ages");
        let settled = input.settled.unwrap_or(input.zero_wakers);
        let of =
            |who: &str| if input.woken.as_deref().unwrap_or("never") == who { parked } else { 0 };
        let stacks = input.stacks.iter().map(|text| self.stack_id(text)).collect();
        let oldest_parked = input.parked.as_deref().map_or(oldest, span);
        self.tasks += 100;
        Cluster {
            parked,
            current: if input.stale { 0 } else { parked },
            ages,
            zero_wakers: input.zero_wakers,
            zero_wakers_settled: settled,
            zero_wakers_since: (settled > 0).then(|| now.back(oldest_parked)),
            never_woken: of("never"),
            woken_by_driver: of("driver"),
            woken_by_task: of("task"),
            last_wake: input.last_wake.as_deref().map(|ago| now.back(span(ago))),
            polls: input.polls.unwrap_or((2, 2)),
            unaccounted: input.unaccounted,
            waker_gone: input.waker_gone.as_ref().map_or(0, |gone| gone.tasks),
            waker_gone_since: input.waker_gone.as_ref().map(|gone| now.back(span(&gone.ago))),
            last_waker: input.last_waker.as_ref().map(|waker| self.task(waker)),
            cancelled: input.cancelled.as_ref().map(|cancelled| Cancelled {
                tasks: histogram(&cancelled.ago).count(),
                ago: histogram(&cancelled.ago),
                seen: if cancelled.sibling { CancelSeen::Sibling } else { CancelSeen::Woken },
                by: cancelled.by.as_ref().map(|by| self.task(by)),
                token: cancelled.token.as_deref().map(place),
            }),
            timers: input.timers.as_ref().map(|timers| Timers {
                tasks: timers.tasks,
                soonest: now.forward(span(&timers.soonest)),
                latest: now.forward(span(&timers.latest)),
            }),
            waits: input
                .waits
                .iter()
                .map(|text| {
                    let (tasks, name) = text.split_once(" x ").expect("COUNT x NAME");
                    let tasks = tasks.parse().expect("a count");
                    ResourceCount { resource: self.resource_id(name), tasks }
                })
                .collect(),
            outlived: Some(Outlived {
                ended_ago: histogram(
                    input.outlived.as_ref().map_or(&[][..], |outlived| &outlived.ended),
                ),
                scope: input
                    .outlived
                    .as_ref()
                    .map(|outlived| outlived.scope.clone())
                    .unwrap_or_default(),
                opener: None,
            }),
            examples: (1..=parked.min(3)).map(|n| TaskId(self.tasks + n)).collect(),
            ..Cluster::new(stacks, now.back(oldest), now.back(oldest_parked))
        }
    }
}

/// `src/server.rs:40`.
fn place(text: &str) -> Place {
    let (file, line) = text.rsplit_once(':').expect("a place is FILE:LINE");
    Place { file: file.to_owned(), line: line.parse().expect("a line is a number"), column: 9 }
}

fn target_info(input: &Target) -> TargetInfo {
    let missing = |cap: &Cap| input.without.iter().any(|name| name == cap.name());
    let caps: Caps = Cap::ALL.into_iter().filter(|cap| !missing(cap)).collect();
    TargetInfo {
        name: "scenario".into(),
        pid: 4711,
        host: None,
        source: Source::Agent,
        agent_version: "0.1.0".into(),
        tokio_version: None,
        caps,
        instrumentation: match input.instrumentation.as_deref() {
            None => Instrumentation::Working,
            Some("pending") => Instrumentation::Pending,
            Some(because) => Instrumentation::Missing {
                because: because.into(),
                fix: "build with --cfg tokio_unstable".into(),
            },
        },
        stacks: if caps.has(Cap::ParkStacks) {
            StackCapture::FramePointers
        } else {
            StackCapture::Off
        },
        resources: ResourceTracking::All,
        epoch_unix_ns: None,
        faults: Vec::new(),
    }
}

fn stack(id: StackId, text: &str) -> ParkStack {
    if text == "unresolved" {
        return ParkStack { id, wait: None, park: None, addresses: vec![1], frames: Vec::new() };
    }
    if let Some(spawn) = text.strip_prefix("spawn ") {
        return spawn_stack(id, spawn);
    }
    let mut parts = text.splitn(3, ' ');
    let wait = Wait::from_code(parts.next().unwrap());
    let frames: Vec<Frame> = parts
        .next()
        .map(|place| {
            let (file, line) = place.rsplit_once(':').expect("a place is FILE:LINE");
            Frame {
                function: format!("app::{}::{{{{closure}}}}", parts.next().unwrap_or("run")),
                file: Some(file.to_owned()),
                line: Some(line.parse().expect("a line is a number")),
                user: true,
            }
        })
        .into_iter()
        .collect();
    ParkStack {
        id,
        wait: Some(wait),
        park: (!frames.is_empty()).then_some(0),
        addresses: vec![1],
        frames,
    }
}

/// `FUNCTION FILE:LINE`, called by a function of the user.
fn spawn_stack(id: StackId, text: &str) -> ParkStack {
    let (function, at) = text.rsplit_once(' ').expect("a spawn is FUNCTION FILE:LINE");
    let frame = |function: &str, at: Place| Frame {
        function: function.to_owned(),
        file: Some(at.file),
        line: Some(at.line),
        user: true,
    };
    let frames = vec![frame(function, place(at)), frame("app::serve", place("src/serve.rs:7"))];
    ParkStack { id, wait: None, park: Some(0), addresses: vec![1], frames }
}

/// Complete bins that end now, and the one that is filling.
fn history(input: &Bins, width: Duration, now: Moment, live: u64) -> History {
    let (spawned, min_live) = (counts(&input.spawned), counts(&input.min_live));
    let complete = spawned.len().max(min_live.len());
    if complete == 0 {
        return History { start: now, width, bins: Vec::new() };
    }
    let read = |list: &[u32], at: usize| list.get(at).copied().unwrap_or(0);
    let mut bins: Vec<Bin> = (0..complete)
        .map(|at| Bin {
            spawned: read(&spawned, at),
            min_live: read(&min_live, at),
            ..Bin::default()
        })
        .collect();
    bins.push(Bin { min_live: live as u32, ..Bin::default() });
    History { start: now.back(width * complete as u32), width, bins }
}

fn moment(text: &str) -> Moment {
    Moment(0).forward(span(text))
}

/// `90s`, `41m`, `3d`: a number and a unit, or several of them.
fn span(text: &str) -> Duration {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits =
            rest.find(|c: char| !c.is_ascii_digit()).unwrap_or_else(|| panic!("no unit in {text}"));
        let number: u64 = rest[..digits].parse().unwrap_or_else(|_| panic!("no number in {text}"));
        let letters =
            rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        sum += match &rest[digits..letters] {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(60 * number),
            "h" => Duration::from_secs(3600 * number),
            "d" => Duration::from_secs(86_400 * number),
            unit => panic!("no unit {unit} in {text}"),
        };
        rest = &rest[letters..];
    }
    sum
}

/// `36 x 41m` is 36 durations, `41m` is one.
fn durations(list: &[String]) -> impl Iterator<Item = (u64, Duration)> + '_ {
    list.iter().map(|text| match text.split_once(" x ") {
        Some((count, one)) => (count.parse().expect("a count"), span(one)),
        None => (1, span(text)),
    })
}

fn histogram(list: &[String]) -> LogHistogram {
    let mut histogram = LogHistogram::default();
    for (count, one) in durations(list) {
        histogram.add(stranded_analysis::histogram::bucket_of(one.as_nanos() as u64), count);
    }
    histogram
}

/// `6 x 4`, `1..12`, `5`.
fn counts(list: &[String]) -> Vec<u32> {
    let number = |text: &str| -> u32 { text.parse().unwrap_or_else(|_| panic!("no count {text}")) };
    list.iter()
        .flat_map(|text| match (text.split_once(" x "), text.split_once("..")) {
            (Some((times, one)), _) => vec![number(one); number(times) as usize],
            (_, Some((first, last))) => (number(first)..=number(last)).collect(),
            _ => vec![number(text)],
        })
        .collect()
}
