//! What goes on besides waiting: the threads that poll, tasks that nobody polls, and tasks that wake themselves.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use stranded_analysis::facts::{
    Activity, LongPoll, Moment, SiteId, SpinningTask, TaskId, UnpolledTask, Worker,
};

use super::Registry;
use super::cold::Cold;
use super::slot::{BY_DRIVER, Snapshot};
use crate::stack::BUDGET;
use crate::threads;

/// Tasks told of that were not polled.
const UNPOLLED: usize = 64;
/// Tasks watched for spinning, and of those told of.
const WATCHED: usize = 256;
const SPINNING: usize = 64;
/// A task that spins was polled this shortly before, whatever else the machine does.
const RECENT: Duration = Duration::from_millis(100);
/// Censuses closer together than this tell nothing of rates.
const SHORTEST: Duration = Duration::from_millis(100);
/// Polls of a task, from which on it is worth to know what it polls.
const BUSY: u64 = 10_000;
/// From here on a task that mostly wakes itself spins: L13. A poll that used up its budget counts as often as the
/// budget has operations: the task went around its loop about as often, before Tokio stopped it.
const POLLS_PER_S: f64 = 1000.0;
const BUDGETED: f64 = 128.0;
const MOSTLY: f64 = 0.5;

/// What one census finds.
#[derive(Debug, Default)]
pub(super) struct ActivityTally {
    /// Longest first.
    unpolled: Vec<UnpolledTask>,
    unpolled_total: u64,
    busy: Vec<Busy>,
}

/// A task that was polled just now.
#[derive(Clone, Copy, Debug)]
struct Busy {
    slot: u64,
    /// Where it registered a waker last.
    stack: Option<u32>,
    task: (TaskId, SiteId),
    mark: Mark,
}

/// Counts of a task at a moment.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Moment,
    polls: u64,
    wakes: u64,
    self_wakes: u64,
    /// Its latest poll ended because its budget was used up: then it is a worker that wakes it, at once.
    out_of_budget: bool,
}

impl Mark {
    /// Polls per second since `earlier`, and the share of self-wakes.
    fn since(&self, earlier: &Self) -> (f64, f64) {
        let ratio = |part: u64, whole: f64| if whole > 0.0 { part as f64 / whole } else { 0.0 };
        let seconds = self.at.since(earlier.at).as_secs_f64();
        if self.out_of_budget && earlier.out_of_budget {
            return (ratio(self.polls.saturating_sub(earlier.polls), seconds), 1.0);
        }
        let wakes = self.wakes.saturating_sub(earlier.wakes) as f64;
        (
            ratio(self.polls.saturating_sub(earlier.polls), seconds),
            ratio(self.self_wakes.saturating_sub(earlier.self_wakes), wakes),
        )
    }
}

/// The busiest tasks as of the last census.
#[derive(Debug, Default)]
pub(super) struct Watched(HashMap<u64, Spin>);

#[derive(Clone, Copy, Debug)]
struct Spin {
    /// When it was last seen not to spin.
    since: Mark,
    last: Mark,
    spins: bool,
}

impl ActivityTally {
    /// Looks at a live task that is woken by wakers. `late`: how long it takes until a woken task counts as not polled.
    pub(super) fn add(
        &mut self,
        registry: &Registry,
        seen: &Snapshot,
        cold: &Cold,
        now: Moment,
        late: Duration,
    ) {
        let site = SiteId(cold.site.load(Relaxed));
        let id = || Registry::task_id(seen.id, cold.number.load(Relaxed));
        if let Some(woken) = seen.waits_for_poll_since()
            && now.since(woken) >= late
        {
            self.unpolled_total += 1;
            let at = self.unpolled.partition_point(|known| known.woken <= woken);
            if at < UNPOLLED {
                let (woken_on, polled_on) = seen.threads();
                let task = UnpolledTask {
                    id: id(),
                    site,
                    woken,
                    woken_on: woken_on.thread(registry.number, woken),
                    polled_on: polled_on.thread(registry.number, Moment(seen.poll_started)),
                };
                self.unpolled.insert(at, task);
                self.unpolled.truncate(UNPOLLED);
            }
        }
        if seen.polls() > 0 && now.since(Moment(seen.poll_started)) < RECENT {
            let stack = seen.registrations().next().map(|(stack, _)| stack);
            let by_worker = seen.woken_by_site() == BY_DRIVER;
            let mark = Mark {
                at: now,
                polls: seen.polls(),
                wakes: seen.wakes(),
                self_wakes: seen.self_wakes(),
                out_of_budget: by_worker && stack.is_some_and(|it| registry.stacks.is(it, BUDGET)),
            };
            self.busy.push(Busy { slot: seen.id.raw(), stack, task: (id(), site), mark });
            if self.busy.len() >= 4 * WATCHED {
                self.keep_the_busiest();
            }
        }
    }

    /// Where the busiest tasks registered a waker last.
    pub(super) fn stacks(&self) -> impl Iterator<Item = u32> {
        self.busy.iter().filter(|busy| busy.mark.polls > BUSY).filter_map(|busy| busy.stack)
    }

    fn keep_the_busiest(&mut self) {
        if self.busy.len() > WATCHED {
            self.busy.select_nth_unstable_by_key(WATCHED, |busy| Reverse(busy.mark.polls));
            self.busy.truncate(WATCHED);
        }
    }
}

impl Registry {
    /// What goes on, with what a census has found.
    pub(super) fn activity(&self, mut tally: ActivityTally) -> Activity {
        tally.keep_the_busiest();
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spinning = watched.compare(&tally.busy);
        drop(watched);
        spinning.sort_by(|a, b| b.polls_per_s.total_cmp(&a.polls_per_s).then(a.id.cmp(&b.id)));
        spinning.truncate(SPINNING);
        Activity {
            workers: threads::of(self.number).map(|thread| self.worker(thread)).collect(),
            unpolled: tally.unpolled,
            unpolled_total: tally.unpolled_total,
            spinning,
        }
    }

    fn worker(&self, thread: threads::Seen) -> Worker {
        let polling = thread.polling.and_then(|id| {
            let (slot, cold) = self.slab.get(id)?;
            let seen = slot.read().filter(|seen| seen.running() && seen.id == id)?;
            Some(LongPoll {
                task: Self::task_id(id, cold.number.load(Relaxed)),
                site: SiteId(cold.site.load(Relaxed)),
                since: Moment(seen.poll_started),
            })
        });
        Worker {
            id: thread.id,
            name: thread.name,
            polling,
            last_poll: thread.last_poll,
            last_local_poll: thread.last_local_poll,
        }
    }
}

impl Watched {
    /// Those of the busy tasks that spin; from now on they are what the next census is compared with.
    fn compare(&mut self, busy: &[Busy]) -> Vec<SpinningTask> {
        let mut next = HashMap::with_capacity(busy.len());
        let mut spinning = Vec::new();
        for &Busy { slot, task: (id, site), mark, .. } in busy {
            let known = self.0.get(&slot).copied();
            let mut spin = known.unwrap_or(Spin { since: mark, last: mark, spins: false });
            if mark.at.since(spin.last.at) >= SHORTEST {
                let (rate, own) = mark.since(&spin.last);
                let budgeted = mark.out_of_budget && spin.last.out_of_budget;
                let turns = if budgeted { rate * BUDGETED } else { rate };
                spin.spins = turns >= POLLS_PER_S && own > MOSTLY;
                spin.last = mark;
                if !spin.spins {
                    spin.since = mark;
                }
            }
            if spin.spins {
                let (polls_per_s, self_woken) = mark.since(&spin.since);
                let since = spin.since.at;
                spinning.push(SpinningTask { id, site, since, polls_per_s, self_woken });
            }
            next.insert(slot, spin);
        }
        self.0 = next;
        spinning
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A task at `second`, polled `polls` times by then, each time because it woke itself.
    fn busy(second: u64, polls: u64, out_of_budget: bool) -> Busy {
        let at = Moment(second * 1_000_000_000);
        let mark = Mark { at, polls, wakes: polls, self_wakes: polls, out_of_budget };
        Busy { slot: 1, stack: None, task: (TaskId(1), SiteId(1)), mark }
    }

    #[test]
    fn a_poll_that_used_up_its_budget_counts_as_many_turns() {
        for (polls_per_s, out_of_budget, spins) in
            [(100, true, true), (100, false, false), (1000, false, true), (7, true, false)]
        {
            let mut watched = Watched::default();
            assert_eq!(watched.compare(&[busy(1, 0, out_of_budget)]), []);
            let found = watched.compare(&[busy(11, 10 * polls_per_s, out_of_budget)]);
            assert_eq!(found.len(), usize::from(spins), "{polls_per_s}/s, {out_of_budget}");
            assert!(
                found.iter().all(|it| it.polls_per_s.round() as u64 == polls_per_s),
                "{found:?}"
            );
        }
    }
}
