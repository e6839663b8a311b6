//! Where tasks wait: park points from park stacks, and the crowds of tasks that share one.

use std::collections::BTreeMap;

use crate::facts::{
    Cluster, Moment, Outlived, ParkStack, SiteFacts, StackId, TaskFacts, TaskId, Wait, WaitClass,
};
use crate::histogram::LogHistogram;
use crate::model::Model;
use crate::report::ParkPoint;

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
    /// Those that outlive their request; `None` where scopes are not known.
    pub outlived: Option<Outlived>,
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
    let latest = task.registrations.iter().map(|at| at.poll).max()?;
    let known: Vec<ParkStack> = task
        .registrations
        .iter()
        .filter(|at| at.poll == latest)
        .filter_map(|at| stacks(at.stack))
        .collect();
    point(&known, latest == task.polls)
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
    timed: bool,
    io: bool,
    entrance: bool,
}

impl Seen {
    fn of(cluster: &Cluster, model: &Model) -> Self {
        let stacks: Vec<&ParkStack> =
            cluster.stacks.iter().filter_map(|id| model.stack(*id)).collect();
        let class = |class| {
            stacks.iter().any(|stack| stack.wait.as_ref().is_some_and(|wait| wait.class() == class))
        };
        Self {
            // Whether the stacks are current is settled for the whole crowd.
            point: point(stacks.iter().copied(), true),
            unresolved: stacks.len() < cluster.stacks.len()
                || stacks.iter().any(|stack| stack.wait.is_none()),
            timed: class(WaitClass::Timer),
            io: class(WaitClass::Io),
            entrance: class(WaitClass::Entrance),
        }
    }
}

impl Crowd {
    fn of(cluster: &Cluster, seen: &Seen) -> Self {
        let stranded = cluster.zero_wakers_settled;
        Self {
            point: seen.point.clone(),
            unresolved: seen.unresolved,
            timed: if seen.timed { cluster.parked } else { 0 },
            io: if seen.io { cluster.parked } else { 0 },
            entrances: if seen.entrance { cluster.parked } else { 0 },
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
            outlived: cluster.outlived.clone(),
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
        self.last_wake = self.last_wake.max(other.last_wake);
        self.polls = (self.polls.0.min(other.polls.0), self.polls.1.max(other.polls.1));
        self.outlived = match (self.outlived.take(), other.outlived) {
            (Some(mut mine), Some(theirs)) => {
                mine.ended_ago.merge(&theirs.ended_ago);
                Some(mine)
            }
            (mine, theirs) => mine.or(theirs),
        };
    }

    /// The group of what they wait for, where that is known.
    pub fn class(&self) -> Option<WaitClass> {
        Some(self.point.as_ref()?.wait.class())
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

/// The end of a function's path: its name, with the type it belongs to; closures count to the function
/// around them, and generic arguments go.
pub fn short_function(path: &str) -> String {
    // Only a first segment in angle brackets is a type: later ones are arguments, or `<impl ..>`.
    let named = |(at, segment): &(usize, &str)| {
        !segment.is_empty() && !segment.starts_with('{') && (*at == 0 || !segment.starts_with('<'))
    };
    let segments: Vec<&str> =
        segments(path).into_iter().enumerate().filter(named).map(|(_, segment)| segment).collect();
    let Some((name, owners)) = segments.split_last() else {
        return path.to_owned();
    };
    let name = without_generics(name);
    match owners.last().map(|owner| owner_name(owner)) {
        Some(owner) if owner.starts_with(char::is_uppercase) => format!("{owner}::{name}"),
        _ => name.to_owned(),
    }
}

/// Splits at `::` outside of angle brackets.
fn segments(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    let bytes = path.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' => depth += 1,
            // Not the arrow of a function type.
            b'>' if at == 0 || bytes[at - 1] != b'-' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => {
                parts.push(&path[start..at]);
                start = at + 2;
            }
            _ => {}
        }
    }
    parts.push(path.get(start..).unwrap_or_default());
    parts
}

/// `Conn` of `<orders::Conn as Drop>`, `orders::Conn<T>` or `Conn`.
fn owner_name(owner: &str) -> &str {
    let inner =
        owner.strip_prefix('<').map_or(owner, |rest| rest.strip_suffix('>').unwrap_or(rest));
    let of_type = inner.split(" as ").next().unwrap_or(inner);
    without_generics(segments(of_type).last().copied().unwrap_or(of_type))
}

fn without_generics(name: &str) -> &str {
    name.split('<').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::facts::{Frame, StackId};

    #[rstest]
    #[case("claim_conn", "claim_conn")]
    #[case("orders::cache::claim_conn::{{closure}}", "claim_conn")]
    #[case("orders::cache::Cache::get::{closure#0}::{closure#1}", "Cache::get")]
    #[case("<orders::cache::Conn as core::ops::Drop>::drop", "Conn::drop")]
    #[case("<orders::Pool<T> as orders::Get<K, fn() -> V>>::get::{{closure}}", "Pool::get")]
    #[case("orders::run::<orders::A>::{{closure}}", "run")]
    #[case("orders::Hub<orders::A>::run", "Hub::run")]
    #[case("{{closure}}", "{{closure}}")]
    #[case("", "")]
    #[case("a::<b::", "a")]
    fn functions_are_shortened(#[case] path: &str, #[case] short: &str) {
        assert_eq!(short_function(path), short);
    }

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
