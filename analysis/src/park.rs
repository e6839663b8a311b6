//! Where tasks wait: park points from park stacks, and the crowds of tasks that share one.

mod function;

use std::collections::BTreeMap;

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
pub fn crowds(site: &SiteFacts, model: &Model) -> Vec<Crowd> {
    let mut by_point: BTreeMap<Option<ParkPoint>, Crowd> = BTreeMap::new();
    for cluster in &site.clusters {
        let seen = Seen::of(cluster, model);
        let key = seen.point.clone();
        by_point
            .entry(key)
            .and_modify(|crowd| crowd.join(cluster, &seen))
            .or_insert_with(|| Crowd::of(cluster, &seen));
    }
    let mut crowds: Vec<Crowd> = by_point.into_values().collect();
    for crowd in &mut crowds {
        if let Some(point) = &mut crowd.point {
            point.current = crowd.current == crowd.parked;
        }
    }
    crowds.sort_by_key(|crowd| std::cmp::Reverse(crowd.parked));
    crowds
}

/// The park point that one task's stacks name: that of the first stack that is not a timer, if any.
pub fn point<'a>(
    stacks: impl IntoIterator<Item = &'a ParkStack>,
    current: bool,
) -> Option<ParkPoint> {
    stacks
        .into_iter()
        .filter_map(|stack| {
            let frame = stack.park_frame();
            let point = ParkPoint {
                wait: stack.wait.clone()?,
                file: frame.and_then(|frame| frame.file.clone()),
                line: frame.and_then(|frame| frame.line),
                function: frame.map(|frame| short_function(&frame.function)),
                current,
            };
            Some((telling(&point.wait), point))
        })
        .min()
        .map(|(_, point)| point)
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

/// How little a wait tells beside another one in the same `select!`: a deadline or a shutdown signal is
/// seldom what a task is there for, and so is the other side's end.
fn telling(wait: &Wait) -> u8 {
    match (wait.class(), wait) {
        (WaitClass::Entrance, _) => 0,
        (WaitClass::Timer, _) => 3,
        (_, Wait::Cancelled | Wait::MpscClosed | Wait::OneshotClosed | Wait::WatchClosed) => 2,
        _ => 1,
    }
}

/// What the stacks of a cluster tell.
struct Seen {
    point: Option<ParkPoint>,
    unresolved: bool,
    classes: Vec<WaitClass>,
}

impl Seen {
    fn of(cluster: &Cluster, model: &Model) -> Self {
        let stacks: Vec<&ParkStack> =
            cluster.stacks.iter().filter_map(|id| model.stack(*id)).collect();
        let waits = stacks.iter().filter_map(|stack| stack.wait.as_ref());
        Self {
            // Whether the stacks are current is settled for the whole crowd.
            point: point(stacks.iter().copied(), true),
            unresolved: stacks.len() < cluster.stacks.len()
                || stacks.iter().any(|stack| stack.wait.is_none()),
            classes: waits.map(Wait::class).collect(),
        }
    }

    /// How many of `cluster` have a wait of `class` on one of their stacks: all or none.
    fn tasks(&self, cluster: &Cluster, class: WaitClass) -> u64 {
        if self.classes.contains(&class) { cluster.parked } else { 0 }
    }
}

impl Crowd {
    fn of(cluster: &Cluster, seen: &Seen) -> Self {
        let stranded = cluster.zero_wakers_settled;
        Self {
            point: seen.point.clone(),
            unresolved: seen.unresolved,
            timed: seen.tasks(cluster, WaitClass::Timer),
            io: seen.tasks(cluster, WaitClass::Io),
            entrances: seen.tasks(cluster, WaitClass::Entrance),
            parked: cluster.parked,
            current: cluster.current,
            ages: cluster.ages.clone(),
            oldest_parked: cluster.oldest_parked,
            stranded,
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
            stranded_examples: stranded_examples(cluster),
        }
    }

    fn join(&mut self, cluster: &Cluster, seen: &Seen) {
        let other = Self::of(cluster, seen);
        let (mut first, mut second) = (std::mem::take(&mut self.examples), other.examples);
        if other.oldest_parked < self.oldest_parked {
            std::mem::swap(&mut first, &mut second);
        }
        self.examples = first.into_iter().chain(second).take(EXAMPLES).collect();
        self.stranded_examples.extend(other.stranded_examples);
        self.stranded_examples.truncate(EXAMPLES);
        self.unresolved |= other.unresolved;
        self.timed += other.timed;
        self.io += other.io;
        self.entrances += other.entrances;
        self.parked += other.parked;
        self.current += other.current;
        self.ages.merge(&other.ages);
        self.oldest_parked = self.oldest_parked.min(other.oldest_parked);
        self.oldest_spawned = self.oldest_spawned.min(other.oldest_spawned);
        self.stranded += other.stranded;
        self.stranded_since = earliest(self.stranded_since, other.stranded_since);
        self.zero_wakers += other.zero_wakers;
        self.never_woken += other.never_woken;
        self.woken_by_driver += other.woken_by_driver;
        self.woken_by_task += other.woken_by_task;
        if other.last_wake > self.last_wake || self.last_waker.is_none() {
            self.last_waker = other.last_waker.or(self.last_waker);
        }
        self.last_wake = self.last_wake.max(other.last_wake);
        self.polls = (self.polls.0.min(other.polls.0), self.polls.1.max(other.polls.1));
        self.unaccounted += other.unaccounted;
        self.waker_gone += other.waker_gone;
        self.waker_gone_since = earliest(self.waker_gone_since, other.waker_gone_since);
        self.outlived = both(self.outlived.take(), other.outlived, |mine, theirs| {
            mine.ended_ago.merge(&theirs.ended_ago);
        });
        self.cancelled = both(self.cancelled.take(), other.cancelled, |mine, theirs| {
            mine.tasks += theirs.tasks;
            mine.ago.merge(&theirs.ago);
        });
        self.timers = both(self.timers.take(), other.timers, |mine, theirs| {
            mine.tasks += theirs.tasks;
            mine.soonest = mine.soonest.min(theirs.soonest);
            mine.latest = mine.latest.max(theirs.latest);
        });
        self.add_waits(&other.waits);
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

/// Two facts of which either may be missing, added up.
fn both<T>(mine: Option<T>, theirs: Option<T>, add: impl FnOnce(&mut T, &T)) -> Option<T> {
    match (mine, theirs) {
        (Some(mut mine), Some(theirs)) => {
            add(&mut mine, &theirs);
            Some(mine)
        }
        (mine, theirs) => mine.or(theirs),
    }
}

/// The source lists tasks without a waker first.
fn stranded_examples(cluster: &Cluster) -> Vec<TaskId> {
    let known = usize::try_from(cluster.zero_wakers_settled).unwrap_or(usize::MAX).min(EXAMPLES);
    cluster.examples.iter().copied().take(known).collect()
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
