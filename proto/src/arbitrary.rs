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

fn cluster() -> impl Strategy<Value = Cluster> {
    (
        vec(stack_id(), 0..=2),
        (count(), any::<[u32; 4]>(), any::<[u32; 3]>()),
        histogram(),
        (moment(), moment(), option::of(moment()), option::of(moment())),
        (count(), count()),
        option::of(outlived()),
        vec(task_id(), 0..8),
    )
        .prop_map(
            |(stacks, (parked, shares, wakes), ages, moments, (few, many), outlived, examples)| {
                let [current, zero_wakers, unaccounted, _] = parts(parked, shares.map(u64::from));
                let [never_woken, woken_by_driver, woken_by_task] =
                    parts(parked, wakes.map(u64::from));
                Cluster {
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
                    outlived,
                    examples,
                    ..Cluster::new(stacks, moments.1, moments.0)
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
        prop::array::uniform4(histogram()),
        (history(), history()),
        vec(cluster(), 0..4),
        vec(spawned_by, 0..4),
    )
        .prop_map(
            |(
                (id, site, first_spawn, last_spawn),
                (n, own),
                times,
                (minutes, recent),
                clusters,
                spawned_by,
            )| {
                let [lifetimes, cancelled_lifetimes, poll_times, scheduled_times] = times;
                SiteFacts {
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
                    minutes,
                    recent,
                    clusters,
                    spawned_by,
                    children: n[9],
                    revived: n[10],
                    own,
                    ..SiteFacts::new(id, site, first_spawn)
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

pub(crate) fn task() -> BoxedStrategy<TaskFacts> {
    let states =
        vec![TaskState::Running, TaskState::Scheduled, TaskState::Parked, TaskState::Unknown];
    let registration = (stack_id(), count()).prop_map(|(stack, poll)| Registration { stack, poll });
    (
        (
            task_id(),
            option::of(any::<u64>()),
            site_id(),
            option::of(text()),
            select(states),
            moment(),
        ),
        (option::of(task_id()), option::of(site_id()), option::of(any::<bool>())),
        (count(), option::of(moment()), option::of(moment()), span(), span()),
        (option::of(wakers()), any::<bool>(), option::of(wake()), vec(registration, 0..=2)),
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
    (
        (text(), any::<u32>(), option::of(text())),
        select(vec![Source::Agent, Source::Console, Source::Unknown]),
        (text(), option::of(text())),
        subsequence(Cap::ALL[..9].to_vec(), 0..=9),
        (instrumentation, select(captures)),
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
                resources: ResourceTracking::Unknown,
                epoch_unix_ns,
                faults,
            }
        })
        .boxed()
}

pub(crate) fn gauges() -> BoxedStrategy<Gauges> {
    (
        prop::array::uniform10(count()),
        prop::array::uniform4(option::of(count())),
        (option::of(any::<u32>()), any::<u32>()),
        (option::of(moment()), option::of((task_id(), moment())), option::of(span())),
    )
        .prop_map(|(n, known, (workers, viewers), (last_poll, longest_poll, agent_cpu))| Gauges {
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
            ..Gauges::default()
        })
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
    )
        .prop_map(
            |((boot, seq, at, complete), (target, gauges, window), sites, tasks, ended, stacks)| {
                Update {
                    complete,
                    target,
                    gauges,
                    sites,
                    tasks,
                    ended,
                    window,
                    stacks,
                    ..Update::empty(boot, seq, at)
                }
            },
        )
        .boxed()
}
