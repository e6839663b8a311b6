//! The facts of one target, kept up to date by applying updates.
//!
//! A *stream* is what one connection delivers: its first update has `seq` 1, names the target and
//! starts a full census; the later ones carry what changed. A viewer that reconnects to the same boot
//! gets a new stream, and the model takes it over: facts that the new full census does not mention are
//! dropped when it is complete, and losses of the old stream are forgotten.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::docket::Docket;
use crate::facts::{
    Activity, BootId, Gauges, Moment, ParkStack, ResourceFacts, ResourceId, SiteFacts, SiteId,
    StackId, TargetInfo, TaskFacts, TaskId, Update, WaitingTask, Window,
};
use crate::park::{self, Crowd, Told};
use crate::policy::Policy;
use crate::report::ParkPoint;

/// The most rows kept beyond the window. A row outside it belongs to a focused task, or has just left
/// the window: the source does not say which.
pub const ROWS_BEYOND_WINDOW: usize = 1024;
/// The most park stacks kept; past it those that nothing refers to are dropped.
pub const MAX_STACKS: usize = 65_536;

/// What applying an update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The model went on.
    Continued,
    /// The update belongs to another run of the target: everything older was dropped.
    NewBoot,
    /// Updates between the last one and this one were lost.
    Gap {
        /// How many.
        missing: u64,
    },
    /// An update that was applied before, or is older than the model: ignored.
    Stale,
}

/// All facts of one target.
#[derive(Clone, Debug, Default)]
pub struct Model {
    boot: Option<BootId>,
    seq: u64,
    at: Moment,
    census: Option<Moment>,
    lost: u64,
    /// What the first census of this stream has mentioned so far; `None` once it is complete.
    mentioned: Option<Mentioned>,
    target: Option<TargetInfo>,
    gauges: Option<Gauges>,
    sites: BTreeMap<SiteId, SiteFacts>,
    /// Where the tasks of each site wait: worked out when first asked for, and kept while its facts stay the same.
    crowds: BTreeMap<SiteId, OnceLock<Vec<Crowd>>>,
    tasks: BTreeMap<TaskId, Row>,
    arrivals: u64,
    window: Window,
    stacks: HashMap<StackId, ParkStack>,
    /// What the resolved stacks tell: worked out once, since every look at every site asks for it.
    told: HashMap<StackId, Told>,
    /// The distinct park points of `told`.
    points: HashSet<Arc<ParkPoint>>,
    resources: BTreeMap<ResourceId, ResourceFacts>,
    waiting: BTreeMap<TaskId, WaitingTask>,
    activity: Activity,
    docket: Docket,
}

/// A task's row and when it came, as a count of rows.
#[derive(Clone, Debug)]
struct Row {
    task: TaskFacts,
    arrival: u64,
}

/// The ids in a stream's first, full census.
#[derive(Clone, Debug, Default)]
struct Mentioned {
    sites: BTreeSet<SiteId>,
    tasks: BTreeSet<TaskId>,
    resources: BTreeSet<ResourceId>,
    waiting: BTreeSet<TaskId>,
}

impl Model {
    /// Applies `update`. Applying it again changes nothing.
    pub fn apply(&mut self, update: Update) -> Applied {
        let known_boot = self.boot;
        let applied = if known_boot != Some(update.boot) {
            *self = Self {
                boot: Some(update.boot),
                mentioned: Some(Mentioned::default()),
                ..Self::default()
            };
            let missing = update.seq.saturating_sub(1);
            self.lost = missing;
            match known_boot {
                Some(_) => Applied::NewBoot,
                None if missing > 0 => Applied::Gap { missing },
                None => Applied::Continued,
            }
        } else if self.starts_a_stream(&update) {
            self.lost = 0;
            self.mentioned = Some(Mentioned::default());
            Applied::Continued
        } else if update.seq <= self.seq {
            return Applied::Stale;
        } else {
            let missing = update.seq - self.seq - 1;
            self.lost = self.lost.saturating_add(missing);
            if missing > 0 { Applied::Gap { missing } } else { Applied::Continued }
        };
        self.take(update);
        applied
    }

    /// Whether `update` begins a new stream of the boot already known. The first update of the stream
    /// in hand, come twice, does not.
    fn starts_a_stream(&self, update: &Update) -> bool {
        let again = self.seq == 1 && update.at == self.at;
        update.seq == 1 && update.target.is_some() && update.at >= self.at && !again
    }

    fn take(&mut self, update: Update) {
        self.seq = update.seq;
        self.at = self.at.max(update.at);
        if let Some(target) = update.target {
            self.target = Some(target);
        }
        if let Some(gauges) = update.gauges {
            self.gauges = Some(gauges);
        }
        if let Some(mentioned) = &mut self.mentioned {
            mentioned.sites.extend(update.sites.iter().map(|site| site.id));
            mentioned.tasks.extend(update.tasks.iter().map(|task| task.id));
            mentioned.resources.extend(update.resources.iter().map(|resource| resource.id));
            mentioned.waiting.extend(update.waiting.iter().map(|task| task.id));
        }
        for site in update.sites {
            self.crowds.insert(site.id, OnceLock::new());
            self.sites.insert(site.id, site);
        }
        for task in update.tasks {
            self.arrivals += 1;
            self.tasks.insert(task.id, Row { task, arrival: self.arrivals });
        }
        for ended in &update.ended {
            self.tasks.remove(&ended.id);
        }
        if !update.stacks.is_empty() {
            self.crowds.values_mut().for_each(|crowds| *crowds = OnceLock::new());
        }
        for stack in update.stacks {
            match Told::by(&stack, &mut self.points) {
                Some(told) => self.told.insert(stack.id, told),
                None => self.told.remove(&stack.id),
            };
            self.stacks.insert(stack.id, stack);
        }
        for resource in update.resources {
            self.resources.insert(resource.id, resource);
        }
        for id in &update.resources_gone {
            self.resources.remove(id);
        }
        for task in update.waiting {
            self.waiting.insert(task.id, task);
        }
        for id in &update.waiting_gone {
            self.waiting.remove(id);
        }
        if let Some(activity) = update.activity {
            self.activity = activity;
        }
        if let Some(window) = update.window {
            self.window = window;
        }
        if update.complete {
            self.census = Some(self.at);
            self.forget_the_unmentioned();
        }
        self.bound_rows();
        self.bound_stacks();
    }

    /// Ends the first census of a stream. With a hole in it nothing is dropped: what it did not mention
    /// may have been in the part that was lost.
    fn forget_the_unmentioned(&mut self) {
        let Some(mentioned) = self.mentioned.take() else {
            return;
        };
        if self.lost == 0 {
            self.sites.retain(|id, _| mentioned.sites.contains(id));
            self.crowds.retain(|id, _| mentioned.sites.contains(id));
            self.tasks.retain(|id, _| mentioned.tasks.contains(id));
            self.resources.retain(|id, _| mentioned.resources.contains(id));
            self.waiting.retain(|id, _| mentioned.waiting.contains(id));
        }
    }

    /// Drops the rows beyond the window that came longest ago, past a fixed number.
    fn bound_rows(&mut self) {
        if self.tasks.len() <= self.window.rows.len() + ROWS_BEYOND_WINDOW {
            return;
        }
        let shown: HashSet<TaskId> = self.window.rows.iter().copied().collect();
        let mut beyond: Vec<(u64, TaskId)> = self
            .tasks
            .iter()
            .filter(|(id, _)| !shown.contains(id))
            .map(|(id, row)| (row.arrival, *id))
            .collect();
        beyond.sort_unstable();
        let surplus = beyond.len().saturating_sub(ROWS_BEYOND_WINDOW);
        for (_, id) in &beyond[..surplus] {
            self.tasks.remove(id);
        }
    }

    fn bound_stacks(&mut self) {
        if self.stacks.len() <= MAX_STACKS {
            return;
        }
        let of_sites =
            self.sites.values().flat_map(|site| &site.clusters).flat_map(|cluster| &cluster.stacks);
        let of_tasks =
            self.tasks.values().flat_map(|row| &row.task.registrations).map(|at| &at.stack);
        let of_spawns = self.sites.values().flat_map(|site| &site.spawn_stacks).map(|at| &at.stack);
        let of_zombies = self.sites.values().flat_map(|site| &site.zombies);
        let of_zombies = of_zombies.flat_map(|zombies| &zombies.stacks).map(|at| &at.stack);
        let of_waiting =
            self.waiting.values().flat_map(|task| &task.registrations).map(|at| &at.stack);
        let of_tasks = of_tasks.chain(of_waiting).chain(of_spawns).chain(of_zombies);
        let referred: HashSet<StackId> = of_sites.chain(of_tasks).copied().collect();
        self.stacks.retain(|id, _| referred.contains(id));
        self.told.retain(|id, _| referred.contains(id));
        self.points.retain(|point| Arc::strong_count(point) > 1);
    }

    /// Opens, confirms and closes cases by what the model says now. Call it once after each complete
    /// census; [`crate::judge()`] reads what it recorded.
    pub fn review(&mut self, now: Moment, policy: &Policy) {
        let mut docket = std::mem::take(&mut self.docket);
        docket.review(self, now, policy);
        self.docket = docket;
    }

    /// The cases opened so far.
    pub fn docket(&self) -> &Docket {
        &self.docket
    }

    /// The run of the target, once heard of.
    pub fn boot(&self) -> Option<BootId> {
        self.boot
    }

    /// The target, once heard of.
    pub fn target(&self) -> Option<&TargetInfo> {
        self.target.as_ref()
    }

    /// The latest gauges.
    pub fn gauges(&self) -> Option<&Gauges> {
        self.gauges.as_ref()
    }

    /// The moment of the latest update.
    pub fn at(&self) -> Moment {
        self.at
    }

    /// The moment of the latest complete census; `None` until the first one is whole.
    pub fn census(&self) -> Option<Moment> {
        self.census
    }

    /// Updates of this stream that were lost. Facts may be out of date until the next stream.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// All spawn sites, by ascending id.
    pub fn sites(&self) -> impl Iterator<Item = &SiteFacts> {
        self.sites.values()
    }

    /// One spawn site.
    pub fn site(&self, id: SiteId) -> Option<&SiteFacts> {
        self.sites.get(&id)
    }

    /// The parked tasks of a site by where they wait, largest crowd first.
    pub fn crowds(&self, id: SiteId) -> &[Crowd] {
        let (Some(site), Some(crowds)) = (self.sites.get(&id), self.crowds.get(&id)) else {
            return &[];
        };
        crowds.get_or_init(|| park::crowds(site, self))
    }

    /// All task rows known here, by ascending id.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskFacts> {
        self.tasks.values().map(|row| &row.task)
    }

    /// One task, if its row is known here.
    pub fn task(&self, id: TaskId) -> Option<&TaskFacts> {
        self.tasks.get(&id).map(|row| &row.task)
    }

    /// The resources that somebody waits for, by ascending id.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceFacts> {
        self.resources.values()
    }

    /// One resource.
    pub fn resource(&self, id: ResourceId) -> Option<&ResourceFacts> {
        self.resources.get(&id)
    }

    /// The tasks of the wait graph, by ascending id.
    pub fn waiting(&self) -> impl Iterator<Item = &WaitingTask> {
        self.waiting.values()
    }

    /// One task of the wait graph.
    pub fn waiting_task(&self, id: TaskId) -> Option<&WaitingTask> {
        self.waiting.get(&id)
    }

    /// What is going on besides waiting.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// The viewer's window of rows.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// One park stack.
    pub fn stack(&self, id: StackId) -> Option<&ParkStack> {
        self.stacks.get(&id)
    }

    /// What a park stack tells of where its task waits; `None` until it is resolved.
    pub(crate) fn told(&self, id: StackId) -> Option<&Told> {
        self.told.get(&id)
    }
}
