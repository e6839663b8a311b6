//! The first rows of an order, out of a great many: what decides is compared first, and a row is made of the
//! winners alone.

use std::cmp::Reverse;
use std::sync::atomic::Ordering::Relaxed;

use stranded_analysis::facts::{Sort, TaskColumn, TaskId, TaskState};

use super::Registry;
use super::cold::Cold;
use super::rows::state;
use super::slot::Snapshot;

/// How tasks are ordered.
pub(super) struct Order {
    sort: Sort,
    /// The rank of each site among all by its place, if that is asked for.
    ranks: Vec<u64>,
}

/// Where a task belongs in the order: the least comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Number(u64),
    Name(Option<String>),
    NameReversed(Reverse<Option<String>>),
}

impl Order {
    pub(super) fn new(sort: Sort, registry: &Registry) -> Self {
        let mut ranks = Vec::new();
        if sort.column == TaskColumn::Site {
            let mut sites: Vec<_> = registry.sites.iter().collect();
            sites.sort_unstable_by(|(_, left), (_, right)| left.place.cmp(&right.place));
            let known = sites.iter().map(|(number, _)| *number as usize + 1).max();
            ranks = vec![0; known.unwrap_or(0)];
            for (rank, (number, _)) in sites.into_iter().enumerate() {
                ranks[number as usize] = rank as u64;
            }
        }
        Self { sort, ranks }
    }

    /// The rank of a task.
    pub(super) fn rank(&self, registry: &Registry, seen: &Snapshot, cold: &Cold) -> Rank {
        // Unknown is less than anything known.
        let wakers = |count: u64| if registry.counts_wakers(seen, cold) { count + 1 } else { 0 };
        let site = || cold.site.load(Relaxed);
        let number = match self.sort.column {
            TaskColumn::Id => Registry::task_id(seen.id, cold.number.load(Relaxed)).0,
            TaskColumn::State => state(seen) as u64,
            TaskColumn::Age => !cold.spawned.load(Relaxed),
            // A task that is not parked has been so for no time at all.
            TaskColumn::Parked if state(seen) == TaskState::Parked => !seen.poll_ended,
            TaskColumn::Parked => 0,
            TaskColumn::Polls => seen.polls(),
            TaskColumn::Busy => seen.busy,
            TaskColumn::Scheduled => seen.scheduled,
            TaskColumn::Wakers => wakers(seen.live_wakers()),
            TaskColumn::Wakes => wakers(seen.wakes()),
            TaskColumn::Size => u64::from(cold.size.load(Relaxed)),
            TaskColumn::Site => self.ranks.get(site() as usize).copied().unwrap_or(0),
            TaskColumn::Name => {
                let name = registry.name(seen);
                return if self.sort.descending {
                    Rank::NameReversed(Reverse(name))
                } else {
                    Rank::Name(name)
                };
            }
        };
        Rank::Number(if self.sort.descending { !number } else { number })
    }
}

/// The first of all tasks that are offered.
pub(super) struct Top<T> {
    limit: usize,
    /// In no order, and more than wanted between two cuts.
    best: Vec<(Rank, TaskId, T)>,
    /// The last that is wanted, as of the latest cut.
    bar: Option<(Rank, TaskId)>,
}

impl<T> Top<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, best: Vec::new(), bar: None }
    }

    /// Takes a task in if it may be among the first. Of equal rank, the lower number comes first.
    pub(super) fn offer(&mut self, rank: Rank, id: impl FnOnce() -> TaskId, task: T) {
        if self.limit == 0 || self.bar.as_ref().is_some_and(|(bar, _)| rank > *bar) {
            return;
        }
        let id = id();
        if self.bar.as_ref().is_some_and(|(bar, last)| (&rank, id) > (bar, *last)) {
            return;
        }
        self.best.push((rank, id, task));
        // Cutting back only now and then keeps the cost of an offer constant.
        if self.best.len() >= self.limit.saturating_mul(2).max(64) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let order = |left: &(Rank, TaskId, T), right: &(Rank, TaskId, T)| {
            (&left.0, left.1).cmp(&(&right.0, right.1))
        };
        if self.best.len() > self.limit {
            let (_, last, _) = self.best.select_nth_unstable_by(self.limit - 1, order);
            self.bar = Some((last.0.clone(), last.1));
            self.best.truncate(self.limit);
        }
    }

    /// The first of them, in order.
    pub(super) fn into_rows(mut self) -> impl Iterator<Item = T> {
        self.cut();
        self.best.sort_unstable_by(|left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
        self.best.into_iter().map(|(_, _, task)| task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_those_that_sorting_everything_gives() {
        for (count, limit) in [(0, 5), (3, 5), (400, 0), (400, 1), (400, 70), (400, 399), (9, 9)] {
            // Many of the same rank, in no order.
            let all = (0..count).map(|at: u64| (at * 7919 % 53, at * 104_729 % 1009));
            let mut top = Top::new(limit);
            for (rank, id) in all.clone() {
                top.offer(Rank::Number(rank), || TaskId(id), (rank, id));
            }
            let mut sorted: Vec<_> = all.collect();
            sorted.sort_unstable();
            sorted.truncate(limit);
            assert_eq!(top.into_rows().collect::<Vec<_>>(), sorted, "{limit} of {count}");
        }
    }
}
