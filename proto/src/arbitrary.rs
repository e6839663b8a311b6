//! Strategies for facts that a correct source could deliver.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use stranded_analysis::facts::*;
use stranded_analysis::histogram::{BUCKETS, LogHistogram};

use crate::limits::{MAX_COUNT, MAX_ROWS};

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0..10u64, 0..=MAX_COUNT]
}

fn moment() -> impl Strategy<Value = Moment> {
    any::<u64>().prop_map(Moment)
}

fn span() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_nanos)
}

fn task_id() -> impl Strategy<Value = TaskId> {
    any::<u64>().prop_map(TaskId)
}

fn site_id() -> impl Strategy<Value = SiteId> {
    any::<u32>().prop_map(SiteId)
}

fn stack_id() -> impl Strategy<Value = StackId> {
    any::<u32>().prop_map(StackId)
}

fn resource_id() -> impl Strategy<Value = ResourceId> {
    any::<u64>().prop_map(ResourceId)
}

fn task_ref() -> impl Strategy<Value = TaskRef> {
    (task_id(), option::of(site_id()), any::<bool>()).prop_map(|(id, site, alive)| TaskRef {
        id,
        site,
        alive,
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["", "[a-z/]{1,20}\\.rs", "\\PC{0,40}"]
}

fn histogram() -> impl Strategy<Value = LogHistogram> {
    vec((0..BUCKETS, 1..MAX_COUNT / 16), 0..16).prop_map(LogHistogram::from_buckets)
}

fn history() -> impl Strategy<Value = History> {
    let bin = any::<[u32; 4]>().prop_map(|[spawned, returned, ended, min_live]| Bin {
        spawned,
        returned,
        ended,
        min_live,
    });
    (0..1u64 << 60, 1..1u64 << 40, vec(bin, 0..30)).prop_map(|(start, width, bins)| History {
        start: Moment(start),
        width: Duration::from_nanos(width),
        bins,
    })
}

/// Parts of `whole`, as many as asked for, whose sum does not exceed it.
fn parts<const N: usize>(whole: u64, shares: [u64; N]) -> [u64; N] {
    let total = shares.iter().fold(1u128, |sum, &share| sum + u128::from(share));
    shares.map(|share| (u128::from(whole) * u128::from(share) / total) as u64)
}

fn outlived() -> impl Strategy<Value = Outlived> {
    (histogram(), text(), option::of(task_id())).prop_map(|(ended_ago, scope, opener)| Outlived {
        ended_ago,
        scope,
        opener,
    })
}

fn place() -> impl Strategy<Value = Place> {
    (text(), any::<u32>(), any::<u32>()).prop_map(|(file, line, column)| Place {
        file,
        line,
        column,
    })
}

/// What a cluster knows of cancellations, with as many tasks as are put in later.
fn cancelled() -> impl Strategy<Value = Cancelled> {
    let seen = select(vec![CancelSeen::Woken, CancelSeen::Sibling, CancelSeen::Unknown]);
    (histogram(), seen, option::of(task_ref()), option::of(place()))
        .prop_map(|(ago, seen, by, token)| Cancelled { tasks: 0, ago, seen, by, token })
}

/// The timers of a cluster, with as many tasks as are put in later.
fn timers() -> impl Strategy<Value = Timers> {
    (moment(), moment()).prop_map(|(a, b)| Timers { tasks: 0, soonest: a.min(b), latest: a.max(b) })
}

fn resource_counts() -> impl Strategy<Value = Vec<ResourceCount>> {
    let count =
        (resource_id(), count()).prop_map(|(resource, tasks)| ResourceCount { resource, tasks });
    vec(count, 0..4)
}

fn stack_counts() -> impl Strategy<Value = Vec<StackCount>> {
    let count = (stack_id(), count()).prop_map(|(stack, tasks)| StackCount { stack, tasks });
    vec(count, 0..4)
}

fn zombies() -> impl Strategy<Value = Zombies> {
    (count(), count(), count(), histogram(), stack_counts()).prop_map(
        |(tasks, bytes, wakers, ended_ago, stacks)| Zombies {
            tasks,
            bytes,
            wakers,
            ended_ago,
            stacks,
        },
    )
}

fn cluster() -> impl Strategy<Value = Cluster> {
    (
        vec(stack_id(), 0..=2),
        (count(), any::<[u32; 4]>(), any::<[u32; 3]>()),
        histogram(),
        (moment(), moment(), option::of(moment()), option::of(moment())),
        (count(), count()),
        (option::of(outlived()), option::of(cancelled()), option::of(timers())),
        (option::of(moment()), option::of(task_ref()), resource_counts()),
        vec(task_id(), 0..8),
    )
        .prop_map(
            |(
                stacks,
                (parked, shares, wakes),
                ages,
                moments,
                (few, many),
                told,
                rest,
                examples,
            )| {
                let [current, zero_wakers, unaccounted, waker_gone] =
                    parts(parked, shares.map(u64::from));
                let [never_woken, woken_by_driver, woken_by_task] =
                    parts(parked, wakes.map(u64::from));
                let (outlived, cancelled, timers) = told;
                let (waker_gone_since, last_waker, waits) = rest;
                Cluster {
                    stacks,
                    oldest_parked: moments.0,
                    oldest_spawned: moments.1,
                    parked,
                    current,
                    ages,
                    zero_wakers,
                    zero_wakers_settled: zero_wakers / 2,
                    zero_wakers_since: moments.2,
                    unaccounted,
                    never_woken,
                    woken_by_driver,
                    woken_by_task,
                    last_wake: moments.3,
                    polls: (few.min(many), few.max(many)),
                    waker_gone,
                    waker_gone_since,
                    last_waker,
                    outlived,
                    cancelled: cancelled.map(|some| Cancelled { tasks: current, ..some }),
                    timers: timers.map(|some| Timers { tasks: unaccounted, ..some }),
                    waits,
                    examples,
                }
            },
        )
}

fn spawn_site() -> impl Strategy<Value = SpawnSite> {
    let kinds = vec![
        TaskKind::Task,
        TaskKind::Local,
        TaskKind::Blocking,
        TaskKind::BlockOn,
        TaskKind::Unknown,
    ];
    (text(), any::<u32>(), any::<u32>(), text(), select(kinds))
        .prop_map(|(file, line, column, name, kind)| SpawnSite { file, line, column, name, kind })
}

pub(crate) fn site() -> BoxedStrategy<SiteFacts> {
    let spawned_by = (option::of(site_id()), count(), count()).prop_map(|(site, a, b)| SpawnedBy {
        site,
        live: a.max(b),
        orphans: a.min(b),
    });
    (
        (site_id(), spawn_site(), moment(), moment()),
        (prop::array::uniform11(count()), any::<bool>()),
        prop::array::uniform6(histogram()),
        (history(), history()),
        vec(cluster(), 0..4),
        (vec(spawned_by, 0..4), stack_counts(), option::of(zombies())),
    )
        .prop_map(
            |(
                (id, site, first_spawn, last_spawn),
                (n, own),
                times,
                (minutes, recent),
                clusters,
                (spawned_by, spawn_stacks, zombies),
            )| {
                let [
                    lifetimes,
                    cancelled_lifetimes,
                    poll_times,
                    scheduled_times,
                    park_times,
                    running_for,
                ] = times;
                SiteFacts {
                    id,
                    site,
                    first_spawn,
                    last_spawn,
                    spawned: n[0],
                    returned: n[1],
                    cancelled: n[2],
                    panicked: n[3],
                    live: n[4],
                    max_live: n[5],
                    running: n[6],
                    scheduled: n[7],
                    future_bytes: n[8],
                    lifetimes,
                    cancelled_lifetimes,
                    poll_times,
                    scheduled_times,
                    park_times,
                    minutes,
                    recent,
                    clusters,
                    spawned_by,
                    children: n[9],
                    revived: n[10],
                    own,
                    spawn_stacks,
                    running_for,
                    zombies,
                }
            },
        )
        .boxed()
}

fn wake() -> impl Strategy<Value = Wake> {
    let by = prop_oneof![
        (task_id(), option::of(site_id())).prop_map(|(task, site)| WakeSource::Task(task, site)),
        select(vec![WakeSource::Driver, WakeSource::Thread, WakeSource::Unknown]),
    ];
    (moment(), by).prop_map(|(at, by)| Wake { at, by })
}

fn wakers() -> impl Strategy<Value = Wakers> {
    prop::array::uniform5(count()).prop_map(|[live, clones, drops, wakes, self_wakes]| Wakers {
        live,
        clones,
        drops,
        wakes,
        self_wakes,
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    (text(), option::of(task_id()), option::of(moment())).prop_map(|(name, opener, ended)| Scope {
        name,
        opener,
        ended,
    })
}

fn task_state() -> impl Strategy<Value = TaskState> {
    select(vec![TaskState::Running, TaskState::Scheduled, TaskState::Parked, TaskState::Unknown])
}

fn registrations() -> impl Strategy<Value = Vec<Registration>> {
    let registration = (stack_id(), count()).prop_map(|(stack, poll)| Registration { stack, poll });
    vec(registration, 0..=2)
}

pub(crate) fn task() -> BoxedStrategy<TaskFacts> {
    (
        (
            task_id(),
            option::of(any::<u64>()),
            site_id(),
            option::of(text()),
            task_state(),
            moment(),
        ),
        (option::of(task_id()), option::of(site_id()), option::of(any::<bool>())),
        (count(), option::of(moment()), option::of(moment()), span(), span()),
        (option::of(wakers()), any::<bool>(), option::of(wake()), registrations()),
        (
            option::of(count()),
            option::of(count()),
            option::of(scope()),
            option::of(moment()),
            any::<bool>(),
        ),
    )
        .prop_map(|(who, spawner, polls, wakers, rest)| TaskFacts {
            id: who.0,
            tokio_id: who.1,
            site: who.2,
            name: who.3,
            state: who.4,
            spawned: who.5,
            spawner: spawner.0,
            spawner_site: spawner.1,
            spawner_alive: spawner.2,
            polls: polls.0,
            last_poll: polls.1,
            parked_since: polls.2,
            busy: polls.3,
            scheduled: polls.4,
            wakers: wakers.0,
            unaccounted: wakers.1,
            last_wake: wakers.2,
            registrations: wakers.3,
            future_bytes: rest.0,
            original_bytes: rest.1,
            scope: rest.2,
            stranded_since: rest.3,
            own: rest.4,
        })
        .boxed()
}

fn hold() -> impl Strategy<Value = Hold> {
    prop_oneof![
        select(vec![
            Hold::Exclusive,
            Hold::Shared,
            Hold::Receive,
            Hold::Send,
            Hold::Signal,
            Hold::Unknown
        ]),
        count().prop_map(Hold::Permits),
    ]
}

fn resource_state() -> impl Strategy<Value = ResourceState> {
    prop_oneof![
        Just(ResourceState::Unknown),
        any::<bool>().prop_map(ResourceState::Locked),
        (any::<bool>(), count())
            .prop_map(|(writer, readers)| ResourceState::ReadWrite { writer, readers }),
        (count(), option::of(count()))
            .prop_map(|(available, capacity)| ResourceState::Permits { available, capacity }),
        (count(), count()).prop_map(|(size, arrived)| ResourceState::Barrier { size, arrived }),
        any::<[bool; 3]>().prop_map(|[sent, tx_dropped, rx_dropped]| ResourceState::Oneshot {
            sent,
            tx_dropped,
            rx_dropped,
        }),
        option::of(moment()).prop_map(|due| ResourceState::Timer { due }),
        (count(), count(), any::<bool>()).prop_map(|(senders, receivers, closed)| {
            ResourceState::Channel { senders, receivers, closed }
        }),
    ]
}

pub(crate) fn resource() -> BoxedStrategy<ResourceFacts> {
    let kinds: Vec<_> =
        ResourceKind::KNOWN.iter().copied().chain([ResourceKind::Unknown]).collect();
    let holder = (option::of(task_ref()), hold(), option::of(moment()), any::<bool>())
        .prop_map(|(task, hold, since, movable)| Holder { task, hold, since, movable });
    let grant = (option::of(task_ref()), moment()).prop_map(|(task, at)| Grant { task, at });
    let sides = vec![Side::Send, Side::Receive, Side::Unknown];
    let handle = (select(sides), option::of(task_ref()), any::<bool>(), any::<bool>())
        .prop_map(|(side, task, moved, used)| Handle { side, task, moved, used });
    (
        (resource_id(), select(kinds), option::of(place()), moment(), option::of(task_ref())),
        resource_state(),
        (vec(holder, 0..4), count(), vec(grant, 0..3), vec(handle, 0..4)),
        (count(), option::of(moment()), option::of(moment())),
        (vec(task_ref(), 0..4), option::of(count())),
    )
        .prop_map(|(what, state, held, waiting, touched)| ResourceFacts {
            id: what.0,
            kind: what.1,
            place: what.2,
            created: what.3,
            created_by: what.4,
            state,
            holders: held.0,
            unknown_holders: held.1,
            granted: held.2,
            handles: held.3,
            waiting: waiting.0,
            waiting_since: waiting.1,
            handed_over: waiting.2,
            last_takers: touched.0,
            touched_by: touched.1,
        })
        .boxed()
}

pub(crate) fn waiting_task() -> BoxedStrategy<WaitingTask> {
    let wait = (resource_id(), hold(), moment())
        .prop_map(|(resource, wants, since)| ResourceWait { resource, wants, since });
    (
        (task_id(), site_id(), task_state(), count()),
        (option::of(moment()), option::of(moment()), option::of(count())),
        (vec(wait, 0..4), option::of(task_id()), registrations(), option::of(moment())),
    )
        .prop_map(|(who, since, rest)| WaitingTask {
            id: who.0,
            site: who.1,
            state: who.2,
            polls: who.3,
            parked_since: since.0,
            settled_since: since.1,
            wakers: since.2,
            waits: rest.0,
            only_child: rest.1,
            passed_on: rest.3,
            registrations: rest.2,
        })
        .boxed()
}

pub(crate) fn activity() -> BoxedStrategy<Activity> {
    let worker_id = || any::<u32>().prop_map(WorkerId);
    let poll = (task_id(), site_id(), moment()).prop_map(|(task, site, since)| LongPoll {
        task,
        site,
        since,
    });
    let ends = (option::of(moment()), option::of(moment()));
    let worker = (worker_id(), "[a-z-]{0,15}", option::of(poll), ends).prop_map(
        |(id, name, polling, (last_poll, last_local_poll))| Worker {
            id,
            name,
            polling,
            last_poll,
            last_local_poll,
        },
    );
    let unpolled =
        (task_id(), site_id(), moment(), option::of(worker_id()), option::of(worker_id()))
            .prop_map(|(id, site, woken, woken_on, polled_on)| UnpolledTask {
                id,
                site,
                woken,
                woken_on,
                polled_on,
            });
    let spinning = (task_id(), site_id(), moment(), 0.0..1e9, 0.0..=1.0).prop_map(
        |(id, site, since, polls_per_s, self_woken)| SpinningTask {
            id,
            site,
            since,
            polls_per_s,
            self_woken,
        },
    );
    (vec(worker, 0..4), vec(unpolled, 0..4), count(), vec(spinning, 0..4))
        .prop_map(|(workers, unpolled, unpolled_total, spinning)| Activity {
            workers,
            unpolled,
            unpolled_total,
            spinning,
        })
        .boxed()
}

pub(crate) fn stack() -> BoxedStrategy<ParkStack> {
    let wait = prop_oneof![
        select(Wait::NAMED),
        text().prop_map(Wait::Other),
        Just(Wait::Other("sleep".to_owned()))
    ];
    let frame = (text(), option::of(text()), option::of(any::<u32>()), any::<bool>())
        .prop_map(|(function, file, line, user)| Frame { function, file, line, user });
    (
        stack_id(),
        option::of(wait),
        any::<prop::sample::Index>(),
        vec(any::<u64>(), 0..40),
        vec(frame, 0..40),
    )
        .prop_map(|(id, wait, park, addresses, frames)| ParkStack {
            id,
            wait,
            park: (!frames.is_empty()).then(|| park.index(frames.len())),
            addresses,
            frames,
        })
        .boxed()
}

pub(crate) fn target() -> BoxedStrategy<TargetInfo> {
    let instrumentation = prop_oneof![
        Just(Instrumentation::Pending),
        Just(Instrumentation::Working),
        (text(), text()).prop_map(|(because, fix)| Instrumentation::Missing { because, fix }),
    ];
    let captures = vec![
        StackCapture::FramePointers,
        StackCapture::Unwinder,
        StackCapture::Off,
        StackCapture::Unknown,
    ];
    let trackings = vec![
        ResourceTracking::Off,
        ResourceTracking::Locks,
        ResourceTracking::All,
        ResourceTracking::Unknown,
    ];
    (
        (text(), any::<u32>(), option::of(text())),
        select(vec![Source::Agent, Source::Console, Source::Unknown]),
        (text(), option::of(text())),
        subsequence(Cap::ALL.to_vec(), 0..=Cap::ALL.len()),
        (instrumentation, select(captures), select(trackings)),
        option::of(any::<u64>()),
        vec(text(), 0..4),
    )
        .prop_map(|((name, pid, host), source, versions, caps, capture, epoch_unix_ns, faults)| {
            TargetInfo {
                name,
                pid,
                host,
                source,
                agent_version: versions.0,
                tokio_version: versions.1,
                caps: caps.into_iter().collect(),
                instrumentation: capture.0,
                stacks: capture.1,
                resources: capture.2,
                epoch_unix_ns,
                faults,
            }
        })
        .boxed()
}

pub(crate) fn gauges() -> BoxedStrategy<Gauges> {
    (
        (prop::array::uniform10(count()), prop::array::uniform3(count())),
        prop::array::uniform4(option::of(count())),
        option::of(prop::array::uniform3(count())),
        (option::of(any::<u32>()), any::<u32>()),
        (option::of(moment()), option::of((task_id(), moment())), option::of(span())),
    )
        .prop_map(
            |((n, more), known, pool, (workers, viewers), (last_poll, longest_poll, agent_cpu))| {
                Gauges {
                    tracked: n[0],
                    alive: known[0],
                    countable: known[1],
                    own_tasks: n[1],
                    untracked: n[2],
                    unaccounted: n[3],
                    spawned: n[4],
                    ended: n[5],
                    zombies: n[6],
                    workers,
                    last_poll,
                    longest_poll,
                    rss_bytes: known[2],
                    open_sockets: known[3],
                    agent_cpu,
                    agent_bytes: n[7],
                    agent_bytes_cap: n[8],
                    viewers,
                    stacks_lost: n[9],
                    resources: more[0],
                    resources_untracked: more[1],
                    waiting_omitted: more[2],
                    blocking: pool.map(|[threads, idle, queued]| BlockingPool {
                        threads,
                        idle,
                        queued,
                    }),
                }
            },
        )
        .boxed()
}

pub(crate) fn view() -> BoxedStrategy<View> {
    (
        (span(), text(), option::of(site_id())),
        (select(TaskColumn::ALL.to_vec()), any::<bool>()),
        0..=MAX_ROWS as u32,
        vec(task_id(), 0..8),
        any::<bool>(),
    )
        .prop_map(|((interval, query, site), (column, descending), limit, focus, own)| View {
            interval,
            query,
            site,
            sort: Sort { column, descending },
            limit,
            focus,
            own,
        })
        .boxed()
}

pub(crate) fn update() -> BoxedStrategy<Update> {
    let endings = vec![Ending::Returned, Ending::Cancelled, Ending::Panicked, Ending::Unknown];
    let ended = (task_id(), select(endings), moment()).prop_map(|(id, ending, at)| EndedTask {
        id,
        ending,
        at,
    });
    let window = (vec(task_id(), 0..20), count(), option::of(text()))
        .prop_map(|(rows, matched, query_error)| Window { rows, matched, query_error });
    (
        (any::<u64>().prop_map(BootId), 1..u64::MAX / 2, moment(), any::<bool>()),
        (option::of(target()), option::of(gauges()), option::of(window)),
        vec(site(), 0..3),
        vec(task(), 0..4),
        vec(ended, 0..4),
        vec(stack(), 0..3),
        (vec(resource(), 0..4), vec(resource_id(), 0..4)),
        (vec(waiting_task(), 0..4), vec(task_id(), 0..4)),
        option::of(activity()),
    )
        .prop_map(
            |(
                (boot, seq, at, complete),
                (target, gauges, window),
                sites,
                tasks,
                ended,
                stacks,
                (resources, resources_gone),
                (waiting, waiting_gone),
                activity,
            )| {
                Update {
                    boot,
                    seq,
                    at,
                    complete,
                    target,
                    gauges,
                    sites,
                    tasks,
                    ended,
                    window,
                    stacks,
                    resources,
                    resources_gone,
                    waiting,
                    waiting_gone,
                    activity,
                }
            },
        )
        .boxed()
}
