//! Where tasks wait: park points from park stacks, and the crowds of tasks that share one.

mod function;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use crate::facts::{
    Cancelled, Cluster, Moment, Outlived, ParkStack, Registration, ResourceCount, SiteFacts,
    StackId, TaskFacts, TaskId, TaskRef, Timers, Wait, WaitClass, WaitingTask,
};
use crate::histogram::LogHistogram;
use crate::model::Model;
use crate::report::ParkPoint;

pub use function::short_function;

/// The most example tasks kept of a crowd.
const EXAMPLES: usize = 5;

/// The parked tasks of one site that share a park point, whichever way they came there.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// Where they wait; `None` if no stack says so.
    pub point: Option<ParkPoint>,
    /// Whether stacks were captured but their symbols are not resolved yet, so that the place may still
    /// become known.
    pub unresolved: bool,
    /// Tasks with a timer on one of their stacks.
    pub timed: u64,
    /// Tasks with a socket, pipe or file on one of their stacks.
    pub io: u64,
    /// Tasks with an accept or a signal on one of their stacks.
    pub entrances: u64,
    /// How many tasks.
    pub parked: u64,
    /// Of them, those whose stack belongs to their latest poll.
    pub current: u64,
    /// Ages since spawn.
    pub ages: LogHistogram,
    /// Since when the one that has been parked longest is parked.
    pub oldest_parked: Moment,
    /// Tasks seen without a live waker through the settle time.
    pub stranded: u64,
    /// Since when the first of those is parked.
    pub stranded_since: Option<Moment>,
    /// Tasks without a live waker, settled or not.
    pub zero_wakers: u64,
    /// Tasks that were never woken.
    pub never_woken: u64,
    /// Tasks last woken by a timer or by I/O.
    pub woken_by_driver: u64,
    /// Tasks last woken by another task.
    pub woken_by_task: u64,
    /// The latest wake of any of them.
    pub last_wake: Option<Moment>,
    /// Polls of the task with the fewest, and of the one with the most.
    pub polls: (u64, u64),
    /// When the oldest was spawned.
    pub oldest_spawned: Moment,
    /// Tasks whose waker count is unreliable.
    pub unaccounted: u64,
    /// Tasks that only tasks have woken, all of which have ended.
    pub waker_gone: u64,
    /// Since when the wakers of the one that has missed them longest are gone.
    pub waker_gone_since: Option<Moment>,
    /// The task that woke one of them last.
    pub last_waker: Option<TaskRef>,
    /// Those that outlive their request; `None` where scopes are not known.
    pub outlived: Option<Outlived>,
    /// Those that were told to stop; `None`: none, as far as known.
    pub cancelled: Option<Cancelled>,
    /// Those with a timer of their own whose due time is known; `None`: none.
    pub timers: Option<Timers>,
    /// The resources they wait for, as far as listed.
    pub waits: Vec<ResourceCount>,
    /// Some of them, longest parked first.
    pub examples: Vec<TaskId>,
    /// Some of those without a live waker.
    pub stranded_examples: Vec<TaskId>,
}

/// The crowds of a site, largest first.
pub(crate) fn crowds(site: &SiteFacts, model: &Model) -> Vec<Crowd> {
    let mut seen: Vec<(Seen<'_>, &Cluster)> =
        site.clusters.iter().map(|cluster| (Seen::of(cluster, model), cluster)).collect();
    // Equal points are one object. The order in which a source tells of its clusters means nothing.
    seen.sort_by_key(|(seen, cluster)| {
        (seen.identity(), cluster.oldest_parked, cluster.examples.first().copied())
    });
    let mut groups: Vec<&[(Seen<'_>, &Cluster)]> =
        seen.chunk_by(|(a, _), (b, _)| a.identity() == b.identity()).collect();
    groups.sort_by_key(|group| {
        let parked = group.iter().map(|(_, cluster)| cluster.parked).sum::<u64>();
        (Reverse(parked), group[0].0.point)
    });
    groups.into_iter().filter_map(Crowd::of_all).collect()
}

/// What one stack tells of where its task waits.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// How little that is, beside another stack of the same `select!`.
    little: u8,
    class: WaitClass,
    point: Arc<ParkPoint>,
}

impl Told {
    /// `None` until the stack is resolved. Equal points become one object of `points`.
    pub(crate) fn by(stack: &ParkStack, points: &mut HashSet<Arc<ParkPoint>>) -> Option<Self> {
        let point = named(stack)?;
        let (little, class) = (telling(&point.wait), point.wait.class());
        let point = match points.get(&point) {
            Some(known) => Arc::clone(known),
            None => Arc::new(point),
        };
        points.insert(Arc::clone(&point));
        Some(Self { little, class, point })
    }

    /// Whether this tells more than `other`.
    fn beats(&self, other: &Self) -> bool {
        !Arc::ptr_eq(&self.point, &other.point)
            && (self.little, &self.point) < (other.little, &other.point)
    }
}

/// The place that a stack names, as if it were of the latest poll.
fn named(stack: &ParkStack) -> Option<ParkPoint> {
    let frame = stack.park_frame();
    Some(ParkPoint {
        wait: stack.wait.clone()?,
        file: frame.and_then(|frame| frame.file.clone()),
        line: frame.and_then(|frame| frame.line),
        function: frame.map(|frame| short_function(&frame.function)),
        current: true,
    })
}

/// The park point that one task's stacks name: that of the first stack that is not a timer, if any.
pub fn point<'a>(
    stacks: impl IntoIterator<Item = &'a ParkStack>,
    current: bool,
) -> Option<ParkPoint> {
    let points = stacks.into_iter().filter_map(named);
    let (_, point) = points.map(|point| (telling(&point.wait), point)).min()?;
    Some(ParkPoint { current, ..point })
}

/// Where one task waits, by the registrations of its latest poll, or, if there is none, by where it last
/// registered a waker.
pub fn of_task(
    task: &TaskFacts,
    stacks: impl Fn(StackId) -> Option<ParkStack>,
) -> Option<ParkPoint> {
    of_registrations(&task.registrations, task.polls, stacks)
}

/// The same for a task of the wait graph, as one of the crowds of its site has it.
pub fn of_waiting(task: &WaitingTask, crowds: &[Crowd], model: &Model) -> Option<ParkPoint> {
    let own = of_registrations(&task.registrations, task.polls, |id| model.stack(id).cloned())?;
    let same = |point: &&ParkPoint| ParkPoint { current: own.current, ..(*point).clone() } == own;
    let shared = crowds.iter().filter_map(|crowd| crowd.point.as_ref()).find(same);
    Some(shared.cloned().unwrap_or(own))
}

fn of_registrations(
    registrations: &[Registration],
    polls: u64,
    stacks: impl Fn(StackId) -> Option<ParkStack>,
) -> Option<ParkPoint> {
    let latest = registrations.iter().map(|at| at.poll).max()?;
    let known: Vec<ParkStack> = registrations
        .iter()
        .filter(|at| at.poll == latest)
        .filter_map(|at| stacks(at.stack))
        .collect();
    point(&known, latest == polls)
}

/// Whether a wait is for the end of something: a signal that the task should end as well.
pub(crate) fn ends_it(wait: &Wait) -> bool {
    matches!(wait, Wait::Cancelled | Wait::MpscClosed | Wait::OneshotClosed | Wait::WatchClosed)
}

/// How little a wait tells beside another one in the same `select!`: a deadline or a shutdown signal is
/// seldom what a task is there for, and so is the other side's end.
fn telling(wait: &Wait) -> u8 {
    match (wait.class(), wait) {
        (WaitClass::Entrance, _) => 0,
        (WaitClass::Timer, _) => 3,
        (_, wait) if ends_it(wait) => 2,
        _ => 1,
    }
}

/// What the stacks of a cluster tell.
struct Seen<'a> {
    point: Option<&'a ParkPoint>,
    unresolved: bool,
    /// The classes of its waits, a bit each.
    classes: u16,
}

impl<'a> Seen<'a> {
    fn of(cluster: &Cluster, model: &'a Model) -> Self {
        let mut seen = Self { point: None, unresolved: false, classes: 0 };
        let mut best: Option<&Told> = None;
        for id in &cluster.stacks {
            let Some(told) = model.told(*id) else {
                seen.unresolved = true;
                continue;
            };
            seen.classes |= 1 << told.class as u16;
            best = Some(best.filter(|best| !told.beats(best)).unwrap_or(told));
        }
        seen.point = best.map(|told| &*told.point);
        seen
    }

    /// How many of `cluster` have a wait of `class` on one of their stacks: all or none.
    fn tasks(&self, cluster: &Cluster, class: WaitClass) -> u64 {
        if self.classes & (1 << class as u16) == 0 { 0 } else { cluster.parked }
    }

    /// The object that the point is; equal ones are one.
    fn identity(&self) -> Option<*const ParkPoint> {
        self.point.map(std::ptr::from_ref)
    }
}

impl Crowd {
    /// The tasks of all clusters that share a point, the one that has been parked longest first.
    fn of_all(group: &[(Seen<'_>, &Cluster)]) -> Option<Self> {
        let ((seen, cluster), others) = group.split_first()?;
        let mut crowd = Self::of(cluster, seen);
        for (seen, cluster) in others {
            crowd.join(cluster, seen);
        }
        if let Some(point) = &mut crowd.point {
            point.current = crowd.current == crowd.parked;
        }
        Some(crowd)
    }

    fn of(cluster: &Cluster, seen: &Seen<'_>) -> Self {
        Self {
            point: seen.point.cloned(),
            unresolved: seen.unresolved,
            timed: seen.tasks(cluster, WaitClass::Timer),
            io: seen.tasks(cluster, WaitClass::Io),
            entrances: seen.tasks(cluster, WaitClass::Entrance),
            parked: cluster.parked,
            current: cluster.current,
            ages: cluster.ages.clone(),
            oldest_parked: cluster.oldest_parked,
            stranded: cluster.zero_wakers_settled,
            stranded_since: cluster.zero_wakers_since,
            zero_wakers: cluster.zero_wakers,
            never_woken: cluster.never_woken,
            woken_by_driver: cluster.woken_by_driver,
            woken_by_task: cluster.woken_by_task,
            last_wake: cluster.last_wake,
            polls: cluster.polls,
            oldest_spawned: cluster.oldest_spawned,
            unaccounted: cluster.unaccounted,
            waker_gone: cluster.waker_gone,
            waker_gone_since: cluster.waker_gone_since,
            last_waker: cluster.last_waker,
            outlived: cluster.outlived.clone(),
            cancelled: cluster.cancelled.clone(),
            timers: cluster.timers,
            waits: cluster.waits.clone(),
            examples: cluster.examples.iter().copied().take(EXAMPLES).collect(),
            stranded_examples: stranded_examples(cluster).collect(),
        }
    }

    /// Adds a cluster whose tasks have not been parked for longer.
    fn join(&mut self, cluster: &Cluster, seen: &Seen<'_>) {
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(cluster.examples.iter().copied().take(room));
        let room = EXAMPLES.saturating_sub(self.stranded_examples.len());
        self.stranded_examples.extend(stranded_examples(cluster).take(room));
        self.unresolved |= seen.unresolved;
        self.timed += seen.tasks(cluster, WaitClass::Timer);
        self.io += seen.tasks(cluster, WaitClass::Io);
        self.entrances += seen.tasks(cluster, WaitClass::Entrance);
        self.parked += cluster.parked;
        self.current += cluster.current;
        self.ages.merge(&cluster.ages);
        self.oldest_parked = self.oldest_parked.min(cluster.oldest_parked);
        self.oldest_spawned = self.oldest_spawned.min(cluster.oldest_spawned);
        self.stranded += cluster.zero_wakers_settled;
        self.stranded_since = earliest(self.stranded_since, cluster.zero_wakers_since);
        self.zero_wakers += cluster.zero_wakers;
        self.never_woken += cluster.never_woken;
        self.woken_by_driver += cluster.woken_by_driver;
        self.woken_by_task += cluster.woken_by_task;
        if cluster.last_wake > self.last_wake || self.last_waker.is_none() {
            self.last_waker = cluster.last_waker.or(self.last_waker);
        }
        self.last_wake = self.last_wake.max(cluster.last_wake);
        self.polls = (self.polls.0.min(cluster.polls.0), self.polls.1.max(cluster.polls.1));
        self.unaccounted += cluster.unaccounted;
        self.waker_gone += cluster.waker_gone;
        self.waker_gone_since = earliest(self.waker_gone_since, cluster.waker_gone_since);
        add(&mut self.outlived, cluster.outlived.as_ref(), |mine, theirs| {
            mine.ended_ago.merge(&theirs.ended_ago);
        });
        add(&mut self.cancelled, cluster.cancelled.as_ref(), |mine, theirs| {
            mine.tasks += theirs.tasks;
            mine.ago.merge(&theirs.ago);
        });
        add(&mut self.timers, cluster.timers.as_ref(), |mine, theirs| {
            mine.tasks += theirs.tasks;
            mine.soonest = mine.soonest.min(theirs.soonest);
            mine.latest = mine.latest.max(theirs.latest);
        });
        self.add_waits(&cluster.waits);
    }

    fn add_waits(&mut self, more: &[ResourceCount]) {
        for count in more {
            match self.waits.iter_mut().find(|known| known.resource == count.resource) {
                Some(known) => known.tasks += count.tasks,
                None => self.waits.push(*count),
            }
        }
    }

    /// The group of what they wait for, where that is known.
    pub fn class(&self) -> Option<WaitClass> {
        Some(self.point.as_ref()?.wait.class())
    }
}

/// Adds a fact that either side may be missing.
fn add<T: Clone>(mine: &mut Option<T>, theirs: Option<&T>, sum: impl FnOnce(&mut T, &T)) {
    match (mine.as_mut(), theirs) {
        (Some(mine), Some(theirs)) => sum(mine, theirs),
        (None, Some(theirs)) => *mine = Some(theirs.clone()),
        (_, None) => {}
    }
}

/// The source lists tasks without a waker first.
fn stranded_examples(cluster: &Cluster) -> impl Iterator<Item = TaskId> + '_ {
    let known = usize::try_from(cluster.zero_wakers_settled).unwrap_or(usize::MAX).min(EXAMPLES);
    cluster.examples.iter().copied().take(known)
}

fn earliest(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Frame, StackId};

    fn stack(id: u32, wait: Option<Wait>, line: u32) -> ParkStack {
        let user = Frame {
            function: "app::go".into(),
            file: Some("src/app.rs".into()),
            line: Some(line),
            user: true,
        };
        ParkStack { id: StackId(id), wait, park: Some(0), addresses: vec![], frames: vec![user] }
    }

    #[test]
    fn beside_a_timer_the_other_wait_is_the_park_point() {
        let (sleep, recv) = (stack(1, Some(Wait::Sleep), 7), stack(2, Some(Wait::MpscRecv), 9));
        let found = point([&sleep, &recv], true).unwrap();
        assert_eq!((found.wait, found.line), (Wait::MpscRecv, Some(9)));
        assert_eq!(point([&sleep], true).unwrap().wait, Wait::Sleep);
    }

    #[test]
    fn beside_a_shutdown_signal_the_other_wait_is_the_park_point() {
        let (token, lock) = (stack(1, Some(Wait::Cancelled), 7), stack(2, Some(Wait::Mutex), 9));
        assert_eq!(point([&token, &lock], true).unwrap().wait, Wait::Mutex);
        assert_eq!(point([&token], true).unwrap().wait, Wait::Cancelled);
    }

    #[test]
    fn the_order_of_the_stacks_does_not_matter() {
        let (a, b) = (stack(1, Some(Wait::OneshotRecv), 7), stack(2, Some(Wait::MpscRecv), 9));
        assert_eq!(point([&a, &b], true), point([&b, &a], true));
    }

    #[test]
    fn an_unresolved_stack_names_no_place() {
        assert_eq!(point([&stack(1, None, 7)], true), None);
    }
}
