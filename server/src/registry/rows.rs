//! Single tasks as facts, and the rows that a view selects.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use stranded_analysis::facts::{
    Moment, ParkStack, Registration, Scope, SiteId, StackId, TaskFacts, TaskId, TaskState, View,
    Wake, WakeSource, Wakers, Window,
};
use stranded_analysis::query::{Query, TaskFields};

use super::cold::Cold;
use super::slot::{BY_DRIVER, BY_THREAD, NO_SITE, Snapshot};
use super::window::{Order, Top};
use super::{Registry, SlotId};
use crate::source::Rows;
use crate::subscriber::others;

/// A time in a slot, where 0 is "never".
pub(super) fn moment(ns: u64) -> Option<Moment> {
    (ns != 0).then_some(Moment(ns))
}

impl Registry {
    /// Every slot in use, with a consistent copy of it; those of ended tasks that a waker pins too.
    ///
    /// Once there has been another dispatcher, any clone of a waker may have gone unseen, by whatever thread: no count
    /// is believed any more.
    pub(super) fn slots(&self) -> impl Iterator<Item = (Snapshot, &Cold)> {
        let unseen = others::met();
        let slots = (0..self.slab.used()).filter_map(|index| self.slab.at(index));
        slots.filter_map(move |(slot, cold)| {
            if unseen {
                slot.mark_unaccounted();
            }
            Some((slot.read()?, cold))
        })
    }

    /// Every live task, with a consistent copy of its slot.
    pub(super) fn scan(&self) -> impl Iterator<Item = (Snapshot, &Cold)> {
        self.slots().filter(|(snapshot, _)| !snapshot.closed())
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

    /// Whether the count of the task's wakers means anything.
    pub(super) fn counts_wakers(&self, seen: &Snapshot, cold: &Cold) -> bool {
        let site = self.sites.get(cold.site.load(Relaxed));
        site.is_some_and(|site| site.place.kind.has_wakers()) && !seen.unaccounted()
    }

    /// The task's full name, if it has one.
    pub(super) fn name(&self, seen: &Snapshot) -> Option<String> {
        seen.named().then(|| self.names.get(seen.id)).flatten()
    }

    /// A task as facts.
    pub(super) fn facts(&self, seen: &Snapshot, cold: &Cold, now: Moment) -> TaskFacts {
        let site_number = cold.site.load(Relaxed);
        let number = cold.number.load(Relaxed);
        let spawner = SlotId::from_raw(cold.spawner.load(Relaxed));
        let spawner_site = cold.spawner_site.load(Relaxed);
        let size = |bytes: u32| (bytes != 0).then_some(u64::from(bytes));
        let scope =
            cold.scope.load(Relaxed).checked_sub(1).and_then(|number| self.scopes.get(number));
        TaskFacts {
            id: Self::task_id(seen.id, number),
            tokio_id: (number != 0).then_some(number),
            site: SiteId(site_number),
            name: self.name(seen),
            state: state(seen),
            spawned: Moment(cold.spawned.load(Relaxed)),
            spawner: spawner.map(|id| Self::task_id(id, cold.spawner_number.load(Relaxed))),
            spawner_site: (spawner_site != NO_SITE).then_some(SiteId(spawner_site)),
            spawner_alive: spawner.map(|id| self.is_alive(id)),
            polls: seen.polls(),
            last_poll: moment(seen.poll_started),
            parked_since: if seen.running() { None } else { moment(seen.poll_ended) },
            busy: Duration::from_nanos(seen.busy),
            scheduled: Duration::from_nanos(seen.scheduled),
            wakers: self.counts_wakers(seen, cold).then(|| Wakers {
                live: seen.live_wakers(),
                clones: seen.clones(),
                drops: seen.clones().saturating_sub(seen.live_wakers()),
                wakes: seen.wakes(),
                self_wakes: seen.self_wakes(),
            }),
            unaccounted: seen.unaccounted(),
            last_wake: moment(seen.woken_at).map(|at| Wake { at, by: wake_source(seen, cold) }),
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
        let mut rows = Rows { at: now, ..Rows::default() };
        if view.limit == 0 && view.focus.is_empty() {
            return rows;
        }
        let (query, query_error) = match Query::parse(&view.query) {
            Ok(query) => (Some(query), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let query = query.filter(|query| !query.text().trim().is_empty());
        let mut focus = view.focus.clone();
        focus.sort_unstable();
        let places = RefCell::new(HashMap::new());
        let place = |id| {
            let mut places = places.borrow_mut();
            places.entry(id).or_insert_with(|| stack(id).map(place_alone)).clone()
        };
        let order = Order::new(view.sort, self);
        let mut top = Top::new(view.limit as usize);
        let mut matched = 0;
        for (seen, cold) in self.scan() {
            if seen.own() && !view.own {
                continue;
            }
            let id = || Self::task_id(seen.id, cold.number.load(Relaxed));
            if !focus.is_empty() && focus.binary_search(&id()).is_ok() {
                rows.tasks.push(self.facts(&seen, cold, now));
            }
            let here = view.site.is_none_or(|site| site.0 == cold.site.load(Relaxed));
            let selected = |query| self.selects(query, &self.facts(&seen, cold, now), &place, now);
            if here && query.as_ref().is_none_or(selected) {
                matched += 1;
                top.offer(order.rank(self, &seen, cold), id, (seen, cold));
            }
        }
        let known: HashSet<TaskId> = rows.tasks.iter().map(|task| task.id).collect();
        rows.gone = view.focus.iter().copied().filter(|id| !known.contains(id)).collect();
        let window: Vec<TaskFacts> = top
            .into_rows()
            .map(|(seen, cold)| (seen.id, self.facts(&seen, cold, now)))
            // Since it was seen its slot may have gone to another task.
            .filter(|(id, _)| self.slab.get(*id).is_some())
            .map(|(_, facts)| facts)
            .collect();
        rows.window =
            Window { rows: window.iter().map(|task| task.id).collect(), matched, query_error };
        rows.tasks.extend(window.into_iter().filter(|task| !known.contains(&task.id)));
        rows
    }

    fn selects(
        &self,
        query: &Query,
        task: &TaskFacts,
        stacks: &dyn Fn(StackId) -> Option<ParkStack>,
        now: Moment,
    ) -> bool {
        let place = |site: SiteId| self.sites.get(site.0).map(|site| &site.place);
        place(task.site).is_some_and(|at| {
            query.matches(&TaskFields {
                task,
                place: at,
                site: None,
                spawner: task.spawner_site.and_then(place),
                stacks,
                now,
                report: None,
            })
        })
    }
}

/// What filters look at of a stack, which is far less to copy for each of many tasks.
fn place_alone(mut stack: ParkStack) -> ParkStack {
    stack.frames = stack.park_frame().cloned().into_iter().collect();
    stack.park = (!stack.frames.is_empty()).then_some(0);
    stack.addresses.clear();
    stack
}

/// What a task is doing.
pub(super) fn state(seen: &Snapshot) -> TaskState {
    match (seen.running(), seen.notified()) {
        (true, _) => TaskState::Running,
        (false, true) => TaskState::Scheduled,
        (false, false) => TaskState::Parked,
    }
}

fn wake_source(seen: &Snapshot, cold: &Cold) -> WakeSource {
    match seen.woken_by_site() {
        BY_DRIVER => WakeSource::Driver,
        BY_THREAD => WakeSource::Thread,
        NO_SITE => WakeSource::Unknown,
        site => match SlotId::from_raw(seen.woken_by) {
            Some(id) => {
                let number = cold.waker_number.load(Relaxed);
                WakeSource::Task(Registry::task_id(id, number), Some(SiteId(site)))
            }
            None => WakeSource::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use stranded_analysis::facts::{Sort, SpawnSite, TaskColumn, TaskKind};

    use super::super::{Spawn, WakerOp};
    use super::*;
    use crate::stack::{Budget, Capture};

    const TASKS: u64 = 150;

    /// Tasks that differ in everything that they can be ordered by.
    fn registry() -> Registry {
        let registry = Registry::new(1, Capture::Off, Budget::new(0));
        for number in 1..=TASKS {
            let id = registry.spawn(&Spawn {
                kind: if number % 5 == 0 { TaskKind::Blocking } else { TaskKind::Task },
                name: ["", "loader", "writer-7", "writer-8"][number as usize % 4],
                number: number * 37 % 151,
                size: number % 9 * 64,
                original_size: 0,
                file: ["src/pool.rs", "src/api.rs", "src/main.rs"][number as usize % 3],
                line: 7 + number as u32 % 2,
                column: 5,
            });
            for _ in 0..number % 7 % 4 {
                registry.enter(id, true);
                for _ in 0..number % 11 % 3 {
                    registry.waker(WakerOp::Clone, id);
                }
                registry.exit(id);
            }
            if number % 13 == 0 {
                registry.waker(WakerOp::WakeByRef, id);
            }
        }
        registry
    }

    fn rows(registry: &Registry, column: TaskColumn, descending: bool, limit: u32) -> Rows {
        let view = View { sort: Sort { column, descending }, limit, ..View::default() };
        registry.rows(&view, &|_| None)
    }

    /// Compares by a column, as a reader of the rows would: greater is older, longer, more.
    fn compare(column: TaskColumn, registry: &Registry, a: &TaskFacts, b: &TaskFacts) -> Ordering {
        let place = |task: &TaskFacts| -> SpawnSite {
            registry.sites.get(task.site.0).unwrap().place.clone()
        };
        let since = |task: &TaskFacts| {
            task.parked_since
                .filter(|_| task.state == TaskState::Parked)
                .map_or(u64::MAX, |at| at.0)
        };
        match column {
            TaskColumn::Id => a.id.cmp(&b.id),
            TaskColumn::State => a.state.cmp(&b.state),
            TaskColumn::Age => b.spawned.cmp(&a.spawned),
            TaskColumn::Parked => since(b).cmp(&since(a)),
            TaskColumn::Polls => a.polls.cmp(&b.polls),
            TaskColumn::Busy => a.busy.cmp(&b.busy),
            TaskColumn::Scheduled => a.scheduled.cmp(&b.scheduled),
            TaskColumn::Wakers => a.wakers.map(|it| it.live).cmp(&b.wakers.map(|it| it.live)),
            TaskColumn::Wakes => a.wakers.map(|it| it.wakes).cmp(&b.wakers.map(|it| it.wakes)),
            TaskColumn::Size => a.future_bytes.cmp(&b.future_bytes),
            TaskColumn::Site => place(a).cmp(&place(b)),
            TaskColumn::Name => a.name.cmp(&b.name),
        }
    }

    #[test]
    fn the_window_is_the_beginning_of_everything_in_order() {
        let registry = registry();
        for column in TaskColumn::ALL {
            for descending in [false, true] {
                let all = rows(&registry, column, descending, 1000);
                assert_eq!((all.tasks.len(), all.window.matched), (TASKS as usize, TASKS));
                let mut sorted = all.tasks.clone();
                sorted.sort_by(|a, b| {
                    let order = compare(column, &registry, a, b);
                    let order = if descending { order.reverse() } else { order };
                    order.then(a.id.cmp(&b.id))
                });
                let ids: Vec<_> = sorted.iter().map(|task| task.id).collect();
                assert_eq!(all.window.rows, ids, "{column:?}, descending: {descending}");
                let first = rows(&registry, column, descending, 40);
                assert_eq!(first.window.rows, ids[..40], "{column:?}, descending: {descending}");
                assert_eq!(first.window.matched, TASKS);
            }
        }
    }

    #[test]
    fn a_filter_and_a_site_select_and_what_is_focused_comes_whatever_they_say() {
        let registry = registry();
        let site = rows(&registry, TaskColumn::Id, false, 1).tasks[0].site;
        let view = View {
            query: "polls=3".to_owned(),
            site: Some(site),
            focus: vec![TaskId(2), TaskId(9999)],
            limit: 1000,
            ..View::default()
        };
        let rows = registry.rows(&view, &|_| None);
        assert!(!rows.window.rows.is_empty());
        assert_eq!(rows.window.matched, rows.window.rows.len() as u64);
        for task in rows.tasks.iter().filter(|task| task.id != TaskId(2)) {
            assert_eq!((task.polls, task.site), (3, site));
        }
        assert!(rows.tasks.iter().any(|task| task.id == TaskId(2)));
        assert_eq!(rows.gone, [TaskId(9999)]);
    }
}
