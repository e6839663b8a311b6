//! Single tasks as facts, and the rows that a view selects.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use stranded_analysis::facts::{
    Moment, ParkStack, Registration, Scope, SiteId, Sort, SpawnSite, StackId, TaskColumn,
    TaskFacts, TaskId, TaskState, View, Wake, WakeSource, Wakers, Window,
};
use stranded_analysis::query::{Query, TaskFields};

use super::cold::Cold;
use super::slot::{BY_DRIVER, BY_THREAD, NO_SITE, Snapshot};
use super::{Registry, SlotId};
use crate::source::Rows;

/// A time in a slot, where 0 is "never".
pub(super) fn moment(ns: u64) -> Option<Moment> {
    (ns != 0).then_some(Moment(ns))
}

impl Registry {
    /// Every slot in use, with a consistent copy of it.
    pub(super) fn scan(&self) -> impl Iterator<Item = (Snapshot, &Cold)> {
        let slots = (0..self.slab.used()).filter_map(|index| self.slab.at(index));
        slots
            .filter_map(|(slot, cold)| Some((slot.read()?, cold)))
            .filter(|(snapshot, _)| !snapshot.closed())
    }

    /// Whether the task is alive.
    pub(super) fn is_alive(&self, id: SlotId) -> bool {
        self.slab.get(id).is_some_and(|(slot, _)| !slot.is_closed())
    }

    /// When the request of a scope was seen to have ended.
    pub(super) fn scope_end(&self, scope: &super::scopes::Scope, now: Moment) -> Option<Moment> {
        let opener = SlotId::from_raw(scope.opener.load(Relaxed));
        let polls = opener.and_then(|id| self.slab.get(id)).filter(|(slot, _)| !slot.is_closed());
        scope.ended(polls.map(|(slot, _)| slot.polls()), now)
    }

    /// The number by which people know a task: Tokio's own, or ours where Tokio told none.
    pub(super) fn task_id(id: SlotId, number: u64) -> TaskId {
        TaskId(if number == 0 { id.raw() } else { number })
    }

    /// A task as facts.
    pub(super) fn facts(&self, seen: &Snapshot, cold: &Cold, now: Moment) -> TaskFacts {
        let site_number = cold.site.load(Relaxed);
        let number = cold.number.load(Relaxed);
        let kind = self.sites.get(site_number).map(|site| site.place.kind);
        let spawner = SlotId::from_raw(cold.spawner.load(Relaxed));
        let spawner_site = cold.spawner_site.load(Relaxed);
        let size = |bytes: u32| (bytes != 0).then_some(u64::from(bytes));
        let scope =
            cold.scope.load(Relaxed).checked_sub(1).and_then(|number| self.scopes.get(number));
        let state = match (seen.running(), seen.notified()) {
            (true, _) => TaskState::Running,
            (false, true) => TaskState::Scheduled,
            (false, false) => TaskState::Parked,
        };
        TaskFacts {
            id: Self::task_id(seen.id, number),
            tokio_id: (number != 0).then_some(number),
            site: SiteId(site_number),
            name: self.names.get(seen.id),
            state,
            spawned: Moment(cold.spawned.load(Relaxed)),
            spawner: spawner.map(|id| Self::task_id(id, cold.spawner_number.load(Relaxed))),
            spawner_site: (spawner_site != NO_SITE).then_some(SiteId(spawner_site)),
            spawner_alive: spawner.map(|id| self.is_alive(id)),
            polls: seen.polls(),
            last_poll: moment(seen.poll_started),
            parked_since: if seen.running() { None } else { moment(seen.poll_ended) },
            busy: Duration::from_nanos(seen.busy),
            scheduled: Duration::from_nanos(seen.scheduled),
            wakers: (kind.is_some_and(|kind| kind.has_wakers()) && !seen.unaccounted()).then(
                || Wakers {
                    live: seen.live_wakers(),
                    clones: seen.clones(),
                    drops: seen.clones().saturating_sub(seen.live_wakers()),
                    wakes: seen.wakes(),
                    self_wakes: seen.self_wakes(),
                },
            ),
            unaccounted: seen.unaccounted(),
            last_wake: moment(seen.woken_at).map(|at| Wake { at, by: wake_source(seen) }),
            registrations: seen
                .registrations()
                .map(|(stack, poll)| Registration { stack: StackId(stack), poll })
                .collect(),
            future_bytes: size(cold.size.load(Relaxed)),
            original_bytes: size(cold.original_size.load(Relaxed)),
            scope: scope.map(|scope| Scope {
                name: self.scopes.name(scope).unwrap_or_default().to_owned(),
                opener: SlotId::from_raw(scope.opener.load(Relaxed))
                    .map(|id| Self::task_id(id, scope.opener_number.load(Relaxed))),
                ended: self.scope_end(scope, now),
            }),
            stranded_since: cold.unchanged_since(seen),
            own: seen.own(),
        }
    }

    /// The rows that `view` selects. `stack` describes a park stack, for queries about it.
    pub(crate) fn rows(&self, view: &View, stack: &dyn Fn(StackId) -> Option<ParkStack>) -> Rows {
        let now = self.clock.now();
        if view.limit == 0 && view.focus.is_empty() {
            return Rows { at: now, ..Rows::default() };
        }
        let (query, query_error) = match Query::parse(&view.query) {
            Ok(query) => (Some(query), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let focus: HashSet<TaskId> = view.focus.iter().copied().collect();
        let mut rows = Rows { at: now, ..Rows::default() };
        let mut top = Top::new(view.sort, view.limit as usize);
        let mut matched = 0;
        for (seen, cold) in self.scan() {
            if seen.own() && !view.own {
                continue;
            }
            let id = Self::task_id(seen.id, cold.number.load(Relaxed));
            let here = view.site.is_none_or(|site| site.0 == cold.site.load(Relaxed));
            let focused = focus.contains(&id);
            if !here && !focused {
                continue;
            }
            let facts = self.facts(&seen, cold, now);
            if focused {
                rows.tasks.push(facts.clone());
            }
            let Some(site) = self.sites.get(facts.site.0).filter(|_| here) else {
                continue;
            };
            let selected = query.as_ref().is_none_or(|query| {
                query.matches(&TaskFields {
                    task: &facts,
                    place: &site.place,
                    site: None,
                    spawner: facts
                        .spawner_site
                        .and_then(|site| self.sites.get(site.0))
                        .map(|site| &site.place),
                    stacks: stack,
                    now,
                    report: None,
                })
            });
            if selected {
                matched += 1;
                top.offer(facts, &site.place);
            }
        }
        let known: HashSet<TaskId> = rows.tasks.iter().map(|task| task.id).collect();
        rows.gone = view.focus.iter().copied().filter(|id| !known.contains(id)).collect();
        let window = top.into_rows();
        rows.window =
            Window { rows: window.iter().map(|task| task.id).collect(), matched, query_error };
        rows.tasks.extend(window.into_iter().filter(|task| !known.contains(&task.id)));
        rows
    }
}

fn wake_source(seen: &Snapshot) -> WakeSource {
    match seen.woken_by_site {
        BY_DRIVER => WakeSource::Driver,
        BY_THREAD => WakeSource::Thread,
        NO_SITE => WakeSource::Unknown,
        site => WakeSource::Task(TaskId(seen.woken_by), Some(SiteId(site))),
    }
}

/// The first rows in an order, out of many that are offered.
struct Top {
    sort: Sort,
    limit: usize,
    rows: Vec<(TaskFacts, SpawnSite)>,
}

impl Top {
    fn new(sort: Sort, limit: usize) -> Self {
        Self { sort, limit, rows: Vec::new() }
    }

    fn offer(&mut self, facts: TaskFacts, site: &SpawnSite) {
        if self.limit == 0 {
            return;
        }
        self.rows.push((facts, site.clone()));
        // Cutting back only now and then keeps the cost of an offer constant.
        if self.rows.len() >= self.limit.saturating_mul(2).max(64) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let sort = self.sort;
        self.rows.sort_unstable_by(|(left, left_site), (right, right_site)| {
            let order = compare(sort.column, (left, left_site), (right, right_site));
            let order = if sort.descending { order.reverse() } else { order };
            order.then(left.id.cmp(&right.id))
        });
        self.rows.truncate(self.limit);
    }

    fn into_rows(mut self) -> Vec<TaskFacts> {
        self.cut();
        self.rows.into_iter().map(|(facts, _)| facts).collect()
    }
}

/// Compares two rows by a column: greater is older, longer, more.
fn compare(
    column: TaskColumn,
    (left, left_site): (&TaskFacts, &SpawnSite),
    (right, right_site): (&TaskFacts, &SpawnSite),
) -> Ordering {
    match column {
        TaskColumn::Id => left.id.cmp(&right.id),
        TaskColumn::State => left.state.cmp(&right.state),
        TaskColumn::Age => right.spawned.cmp(&left.spawned),
        // A task that is not parked has been so for no time at all.
        TaskColumn::Parked => parked_key(right).cmp(&parked_key(left)),
        TaskColumn::Polls => left.polls.cmp(&right.polls),
        TaskColumn::Busy => left.busy.cmp(&right.busy),
        TaskColumn::Scheduled => left.scheduled.cmp(&right.scheduled),
        TaskColumn::Wakers => {
            left.wakers.map(|wakers| wakers.live).cmp(&right.wakers.map(|wakers| wakers.live))
        }
        TaskColumn::Wakes => {
            left.wakers.map(|wakers| wakers.wakes).cmp(&right.wakers.map(|wakers| wakers.wakes))
        }
        TaskColumn::Size => left.future_bytes.cmp(&right.future_bytes),
        TaskColumn::Site => left_site.cmp(right_site),
        TaskColumn::Name => left.name.cmp(&right.name),
    }
}

fn parked_key(task: &TaskFacts) -> Moment {
    match task.state {
        TaskState::Parked => task.parked_since.unwrap_or(Moment(u64::MAX)),
        _ => Moment(u64::MAX),
    }
}
