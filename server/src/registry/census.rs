//! The census: all slots read once, lock-free, and summed up by site and by what the tasks wait for.

use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

use stranded_analysis::facts::{
    Activity, Cluster, Moment, Outlived, SiteFacts, SiteId, SpawnedBy, StackId, TaskFacts, TaskId,
    TaskKind, TaskRef,
};
use stranded_analysis::histogram::LogHistogram;

use super::activity::ActivityTally;
use super::by_key::ByKey;
use super::cancels::{self, CancelTally};
use super::cold::{Cold, Settle};
use super::handles::ToldTally;
use super::history::Totals;
use super::rows::moment;
use super::sites::Site;
use super::slot::{BY_DRIVER, BY_THREAD, NO_SITE, Snapshot};
use super::waiting::{Graph, WaitGraph, WaitTally};
use super::zombies::{ZombieTally, most_frequent};
use super::{Guarded, Registry, SlotId};
use crate::stack::CLASSIFIED;

/// Example tasks kept of a cluster.
const EXAMPLES: usize = 3;
/// Spawning sites kept of a site.
const SPAWNERS: usize = 8;
/// Spawn stacks kept of a site.
const SPAWN_STACKS: usize = 8;
/// Tasks that wait with the same stack, from which on it is worth to know what it is.
const SHARED: u64 = 3;
/// Stands for "no stack" in a cluster's key.
const NO_STACK: u32 = u32::MAX;

/// What one census found.
#[derive(Debug, Default)]
pub(crate) struct Look {
    pub(crate) at: Moment,
    /// Every site, by ascending id.
    pub(crate) sites: Vec<SiteFacts>,
    /// The examples of the clusters, whole.
    pub(crate) examples: Vec<TaskFacts>,
    /// Live tasks of the application, and of them those that a runtime counts.
    pub(crate) tracked: u64,
    pub(crate) countable: u64,
    pub(crate) own: u64,
    pub(crate) unaccounted: u64,
    pub(crate) last_poll: Option<Moment>,
    pub(crate) longest_poll: Option<(TaskId, Moment)>,
    pub(crate) activity: Activity,
    pub(crate) waiting: WaitGraph,
    /// Stacks of which it matters what they are, and nobody knows; the most urgent first.
    pub(crate) unclassified: Vec<StackId>,
}

/// What a census meets all tasks with.
struct Met {
    now: Moment,
    /// How long a task without wakers must stay unchanged.
    settle: Duration,
    /// Whether some task has not got on for as long.
    frozen: bool,
    cancels: cancels::Known,
}

/// A parked task as an example: those without wakers first, then the longest parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ExampleKey {
    has_wakers: bool,
    parked_since: u64,
    id: u64,
}

#[derive(Debug, Default)]
struct ClusterTally {
    parked: u64,
    current: u64,
    ages: LogHistogram,
    oldest_parked: u64,
    oldest_spawned: u64,
    zero_wakers: u64,
    zero_wakers_settled: u64,
    zero_wakers_since: Option<Moment>,
    unaccounted: u64,
    never_woken: u64,
    woken_by_driver: u64,
    woken_by_task: u64,
    last_wake: u64,
    polls: Option<(u64, u64)>,
    waker_gone: u64,
    waker_gone_since: Option<Moment>,
    last_waker: Option<LastWaker>,
    outlived: Option<Outlived>,
    waits: WaitTally,
    told: ToldTally,
    cancelled: Option<CancelTally>,
    examples: Vec<ExampleKey>,
}

/// A task that woke another, by the time at which it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LastWaker {
    at: u64,
    id: u64,
    number: u64,
    site: u32,
}

#[derive(Debug, Default)]
struct SiteTally {
    live: u64,
    running: u64,
    scheduled: u64,
    running_for: LogHistogram,
    clusters: ByKey<[u32; 2], ClusterTally>,
    spawned_by: ByKey<u32, (u64, u64)>,
    zombies: ZombieTally,
    spawn_stacks: ByKey<u32, u64>,
}

impl Registry {
    /// Enters into every site's history what happened since the last call. Called about once a second.
    pub(crate) fn observe(&self) {
        let now = self.clock.now();
        for (_, site) in self.sites.iter() {
            let totals = Totals {
                returned: site.returned.load(Acquire),
                ended: site.ended(),
                spawned: site.spawned.load(Relaxed),
            };
            site.with_history(|history| history.observe(now, totals));
        }
    }

    /// Reads all tasks. `settle`: how long a task without wakers must stay unchanged to count as settled.
    pub(crate) fn look(&self, settle: Duration) -> Look {
        self.look_at(settle, None)
    }

    /// Reads all tasks, and sums up the guarded ones; `None`: all of them.
    pub(crate) fn look_at(&self, settle: Duration, guarded: Option<&Guarded>) -> Look {
        let now = self.clock.now();
        let mut look = Look { at: now, ..Look::default() };
        // By the site's number.
        let mut tallies: Vec<SiteTally> = Vec::new();
        // As of the last look, a poll had not ended or a wake not been answered for longer than the settle time.
        let stalled = moment(self.stalled_since.load(Relaxed));
        let frozen = stalled.is_some_and(|since| now.since(since) >= settle);
        let (cancels, mut unclassified) = self.known_cancels();
        let met = Met { now, settle, frozen, cancels };
        let mut stalled = None;
        let mut activity = ActivityTally::default();
        // Before any task: see there.
        let reading = self.resources.read(self.slab.used());
        let wrapped = self.wrapped();
        let mut graph = Graph::new(self.slab.used());
        for (seen, cold) in self.slots() {
            let number = cold.site.load(Relaxed);
            let Some(site) = self.sites.get(number) else {
                continue;
            };
            if tallies.len() <= number as usize {
                tallies.resize_with(number as usize + 1, SiteTally::default);
            }
            let tally = &mut tallies[number as usize];
            if seen.closed() {
                if guarded.is_none() {
                    tally.zombies.add(&seen, cold, now);
                }
                continue;
            }
            if !seen.own() && site.place.kind.has_wakers() {
                stalled = [stalled, seen.busy_since()].into_iter().flatten().min();
                activity.add(self, &seen, cold, now, settle);
            }
            let spawner = SlotId::from_raw(cold.spawner.load(Relaxed));
            if let Some(spawner) = spawner.filter(|id| self.is_alive(*id)) {
                graph.add_child(spawner, &seen);
            }
            if guarded.is_some_and(|of| !self.is_guarded(of, &seen, cold)) {
                continue;
            }
            look.count(&seen, cold, site.place.kind);
            graph.add(&seen, &reading, &wrapped, site.is_stranded(&seen));
            let cluster = self.tally_task(tally, site, &seen, cold, &met);
            if let Some(cluster) = cluster {
                cluster.waits.add(&seen, &reading, &wrapped);
                cluster.told.add(wrapped.told(seen.id), now);
            }
        }
        unclassified.extend(activity.stacks());
        look.activity = self.activity(activity);
        look.waiting =
            self.wait_graph(graph, &reading, wrapped, now, (settle, frozen), guarded.is_none());
        self.stalled_since.store(stalled.unwrap_or(0), Relaxed);
        for (number, site) in self.sites.iter() {
            let tally = tallies.get_mut(number as usize).map(std::mem::take).unwrap_or_default();
            look.sites.push(self.site_facts(number, site, tally, &mut look.examples, now));
        }
        let clusters = look.sites.iter().filter(|site| !site.own).flat_map(|site| &site.clusters);
        let shared = clusters.filter(|cluster| cluster.parked >= SHARED);
        let shared = shared.flat_map(|cluster| &cluster.stacks).copied();
        look.unclassified = unclassified
            .into_iter()
            .map(StackId)
            .chain(shared)
            .filter(|stack| !self.stacks.is(stack.0, CLASSIFIED))
            .collect();
        look
    }

    /// Counts a task, and gives its cluster if it is parked.
    fn tally_task<'a>(
        &self,
        tally: &'a mut SiteTally,
        site: &Site,
        seen: &Snapshot,
        cold: &Cold,
        met: &Met,
    ) -> Option<&'a mut ClusterTally> {
        let &Met { now, settle, frozen, ref cancels } = met;
        tally.live += 1;
        let orphan =
            SlotId::from_raw(cold.spawner.load(Relaxed)).is_some_and(|id| !self.is_alive(id));
        let spawned_by = tally.spawned_by.of(cold.spawner_site.load(Relaxed));
        spawned_by.0 += 1;
        spawned_by.1 += u64::from(orphan);

        if let Some(stack) = cold.spawn_stack.load(Relaxed).checked_sub(1) {
            *tally.spawn_stacks.of(stack) += 1;
        }

        let no_waker = site.is_stranded(seen);
        let settled = cold.settle(seen, no_waker, now, settle);
        if settled == Some(Settle::Revived) {
            site.revived.fetch_add(1, Relaxed);
        }
        if seen.running() {
            tally.running += 1;
            tally.running_for.record(now.since(Moment(seen.poll_started)));
            return None;
        }
        if !seen.parked() {
            tally.scheduled += 1;
            return None;
        }
        let latest = seen.registrations().next().map_or(0, |(_, poll)| poll);
        let mut key = [NO_STACK; 2];
        let registrations = seen.registrations().filter(|(_, poll)| *poll == latest);
        for (place, (stack, _)) in key.iter_mut().zip(registrations) {
            *place = stack;
        }
        key.sort_unstable();
        let cluster = tally.clusters.of(key);
        cluster.add(seen, cold, now);
        if let Some(since) = cold.wakers_gone_since(self.wakers_are_gone(seen, cold), now) {
            cluster.waker_gone += 1;
            cluster.waker_gone_since = cluster.waker_gone_since.min(Some(since)).or(Some(since));
        }
        cluster.current += u64::from(latest != 0 && latest == seen.polls() & u64::from(u32::MAX));
        if no_waker {
            cluster.zero_wakers += 1;
        }
        if let Some(Settle::UnchangedSince(since)) = settled
            && now.since(since) >= settle
            && !(frozen && seen.maybe_notified())
        {
            cluster.zero_wakers_settled += 1;
            let parked = moment(seen.poll_ended);
            cluster.zero_wakers_since = cluster.zero_wakers_since.min(parked).or(parked);
        }
        if let Some((how, event)) = self.cancelled(seen, cold, cancels, now) {
            CancelTally::add(&mut cluster.cancelled, how, event, now);
        }
        let scope =
            cold.scope.load(Relaxed).checked_sub(1).and_then(|number| self.scopes.get(number));
        if let Some((scope, ended)) =
            scope.and_then(|scope| Some((scope, self.scope_end(scope, now)?)))
        {
            let opener = SlotId::from_raw(scope.opener.load(Relaxed))
                .map(|id| Self::task_id(id, scope.opener_number.load(Relaxed)));
            let outlived = cluster.outlived.get_or_insert_with(|| Outlived {
                ended_ago: LogHistogram::default(),
                scope: self.scopes.name(scope).unwrap_or_default().to_owned(),
                opener,
            });
            outlived.ended_ago.record(now.since(ended));
        }
        Some(cluster)
    }

    /// Whether only other tasks have woken this one, as far as remembered, and all of them have ended.
    fn wakers_are_gone(&self, seen: &Snapshot, cold: &Cold) -> bool {
        let mut others = cold.wakers(seen).filter(|who| *who != seen.id.raw()).peekable();
        others.peek().is_some()
            && others.all(|who| SlotId::from_raw(who).is_some_and(|id| !self.is_alive(id)))
    }

    fn site_facts(
        &self,
        number: u32,
        site: &Site,
        tally: SiteTally,
        examples: &mut Vec<TaskFacts>,
        now: Moment,
    ) -> SiteFacts {
        let (recent, minutes, max_live) = site.with_history(|history| {
            let (recent, minutes) = history.read();
            (recent, minutes, history.max_live())
        });
        let (returned, cancelled, panicked) = (
            site.returned.load(Acquire),
            site.cancelled.load(Acquire),
            site.panicked.load(Acquire),
        );
        let spawned = site.spawned.load(Relaxed);
        let live = spawned.saturating_sub(returned + cancelled + panicked);
        let mut spawned_by: Vec<_> = tally
            .spawned_by
            .into_pairs()
            .map(|(site, (live, orphans))| SpawnedBy {
                site: (site != NO_SITE).then_some(SiteId(site)),
                live,
                orphans,
            })
            .collect();
        spawned_by.sort_unstable_by_key(|by| (std::cmp::Reverse(by.live), by.site));
        spawned_by.truncate(SPAWNERS);
        let mut clusters: Vec<_> = tally.clusters.into_pairs().collect();
        clusters.sort_unstable_by_key(|(key, cluster)| (std::cmp::Reverse(cluster.parked), *key));
        let clusters: Vec<_> = clusters
            .into_iter()
            .map(|(key, cluster)| self.cluster_facts(key, cluster, examples, now))
            .collect();
        let lifetimes = site.lifetimes.read();
        site.compare(&lifetimes, clusters.iter().map(|cluster| &cluster.ages));
        SiteFacts {
            last_spawn: Moment(site.last_spawn.load(Relaxed)),
            spawned,
            returned,
            cancelled,
            panicked,
            live,
            max_live: max_live.max(live),
            running: tally.running,
            scheduled: tally.scheduled,
            future_bytes: site.largest.load(Relaxed),
            lifetimes,
            cancelled_lifetimes: site.cancelled_lifetimes.read(),
            poll_times: site.poll_times.read(),
            scheduled_times: site.scheduled_times.read(),
            park_times: site.park_times.read(),
            running_for: tally.running_for,
            minutes,
            recent,
            clusters,
            spawned_by,
            spawn_stacks: most_frequent(tally.spawn_stacks, SPAWN_STACKS),
            zombies: tally.zombies.into_facts(),
            children: site.children.load(Relaxed),
            revived: site.revived.load(Relaxed),
            own: site.own,
            ..SiteFacts::new(SiteId(number), site.place.clone(), Moment(site.first_spawn))
        }
    }

    fn cluster_facts(
        &self,
        key: [u32; 2],
        tally: ClusterTally,
        examples: &mut Vec<TaskFacts>,
        now: Moment,
    ) -> Cluster {
        let ids = tally.examples.iter().filter_map(|key| {
            let id = SlotId::from_raw(key.id)?;
            let (slot, cold) = self.slab.get(id)?;
            let facts = self.facts(&slot.read()?, cold, now);
            let id = facts.id;
            examples.push(facts);
            Some(id)
        });
        Cluster {
            examples: ids.collect(),
            parked: tally.parked,
            current: tally.current,
            ages: tally.ages,
            zero_wakers: tally.zero_wakers,
            zero_wakers_settled: tally.zero_wakers_settled,
            zero_wakers_since: tally.zero_wakers_since,
            unaccounted: tally.unaccounted,
            never_woken: tally.never_woken,
            woken_by_driver: tally.woken_by_driver,
            woken_by_task: tally.woken_by_task,
            last_wake: moment(tally.last_wake),
            polls: tally.polls.unwrap_or_default(),
            waker_gone: tally.waker_gone,
            waker_gone_since: tally.waker_gone_since,
            last_waker: tally.last_waker.and_then(|waker| {
                let id = SlotId::from_raw(waker.id)?;
                Some(TaskRef {
                    id: Self::task_id(id, waker.number),
                    site: Some(SiteId(waker.site)),
                    alive: self.is_alive(id),
                })
            }),
            outlived: tally.outlived,
            timers: tally.waits.timers(),
            waits: tally.waits.resources(),
            // What a wrapped token tells is certain, and it names the token.
            cancelled: tally
                .told
                .into_facts()
                .or_else(|| tally.cancelled.map(|tally| self.cancelled_facts(tally))),
            ..Cluster::new(
                key.into_iter().filter(|stack| *stack != NO_STACK).map(StackId).collect(),
                Moment(tally.oldest_spawned),
                Moment(tally.oldest_parked),
            )
        }
    }
}

impl Look {
    fn count(&mut self, seen: &Snapshot, cold: &Cold, kind: TaskKind) {
        if seen.own() {
            self.own += 1;
            return;
        }
        self.tracked += 1;
        self.countable += u64::from(kind == TaskKind::Task);
        self.unaccounted += u64::from(seen.unaccounted());
        self.last_poll = self.last_poll.max(moment(seen.poll_ended));
        if seen.running() && kind.has_wakers() {
            let started = Moment(seen.poll_started);
            if self.longest_poll.is_none_or(|(_, longest)| started < longest) {
                let id = Registry::task_id(seen.id, cold.number.load(Relaxed));
                self.longest_poll = Some((id, started));
            }
        }
    }
}

impl ClusterTally {
    fn add(&mut self, seen: &Snapshot, cold: &Cold, now: Moment) {
        let spawned = cold.spawned.load(Relaxed);
        let first = self.parked == 0;
        let oldest = |known: u64, new: u64| if first { new } else { known.min(new) };
        self.oldest_parked = oldest(self.oldest_parked, seen.poll_ended);
        self.oldest_spawned = oldest(self.oldest_spawned, spawned);
        self.parked += 1;
        self.ages.record(now.since(Moment(spawned)));
        self.unaccounted += u64::from(seen.unaccounted());
        self.last_wake = self.last_wake.max(seen.woken_at);
        let count = match seen.woken_by_site() {
            NO_SITE => Some(&mut self.never_woken),
            BY_DRIVER => Some(&mut self.woken_by_driver),
            BY_THREAD => None,
            site => {
                let (at, id) = (seen.woken_at, seen.woken_by);
                if id != seen.id.raw() && self.last_waker.is_none_or(|known| known.at < at) {
                    let number = cold.waker_number.load(Relaxed);
                    self.last_waker = Some(LastWaker { at, id, number, site });
                }
                Some(&mut self.woken_by_task)
            }
        };
        if let Some(count) = count {
            *count += 1;
        }
        let polls = seen.polls();
        let (fewest, most) = self.polls.unwrap_or((polls, polls));
        self.polls = Some((fewest.min(polls), most.max(polls)));
        let key = ExampleKey {
            has_wakers: seen.live_wakers() > 0,
            parked_since: seen.poll_ended,
            id: seen.id.raw(),
        };
        if self.examples.len() < EXAMPLES || self.examples.last().is_some_and(|last| key < *last) {
            let at = self.examples.partition_point(|known| *known < key);
            self.examples.insert(at, key);
            self.examples.truncate(EXAMPLES);
        }
    }
}
