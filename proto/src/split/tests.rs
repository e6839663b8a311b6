//! No part exceeds the bound, and the parts say what the whole says.

use std::time::Duration;

use proptest::prelude::*;
use stranded_analysis::facts::*;
use stranded_analysis::histogram::{BUCKETS, LogHistogram};
use stranded_analysis::model::{Applied, Model};

use super::*;
use crate::arbitrary;
use crate::limits::*;

/// The parts of `update` as another process reads them.
fn read(update: &Update) -> Vec<Update> {
    let send = |part: v1::Update| {
        let bytes = part.encode_to_vec();
        assert!(bytes.len() <= MAX_MESSAGE_BYTES, "a part of {} bytes", bytes.len());
        Update::try_from(v1::Update::decode(bytes.as_slice()).unwrap()).unwrap()
    };
    split(update.clone()).map(send).collect()
}

/// `parts` put together again.
fn joined(parts: Vec<Update>) -> Update {
    parts
        .into_iter()
        .reduce(|mut whole, part| {
            whole.complete = part.complete;
            whole.sites.extend(part.sites);
            whole.tasks.extend(part.tasks);
            whole.ended.extend(part.ended);
            whole.stacks.extend(part.stacks);
            whole.window = whole.window.or(part.window);
            whole.resources.extend(part.resources);
            whole.resources_gone.extend(part.resources_gone);
            whole.waiting.extend(part.waiting);
            whole.waiting_gone.extend(part.waiting_gone);
            whole.activity = whole.activity.or(part.activity);
            whole
        })
        .unwrap()
}

/// `update` many times over, with ids of their own.
fn multiplied(update: &Update, times: u32) -> Update {
    let mut whole = Update {
        sites: vec![],
        tasks: vec![],
        ended: vec![],
        stacks: vec![],
        resources: vec![],
        resources_gone: vec![],
        waiting: vec![],
        waiting_gone: vec![],
        ..update.clone()
    };
    for n in 0..times {
        whole
            .sites
            .extend(update.sites.iter().map(|site| SiteFacts { id: SiteId(n), ..site.clone() }));
        whole.tasks.extend(
            update.tasks.iter().map(|task| TaskFacts { id: TaskId(n.into()), ..task.clone() }),
        );
        whole.stacks.extend(
            update.stacks.iter().map(|stack| ParkStack { id: StackId(n), ..stack.clone() }),
        );
        whole.ended.extend(&update.ended);
        whole.resources.extend(
            update
                .resources
                .iter()
                .map(|resource| ResourceFacts { id: ResourceId(n.into()), ..resource.clone() }),
        );
        whole.resources_gone.extend(&update.resources_gone);
        whole.waiting.extend(
            update.waiting.iter().map(|task| WaitingTask { id: TaskId(n.into()), ..task.clone() }),
        );
        whole.waiting_gone.extend(&update.waiting_gone);
    }
    whole
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_parts_are_bounded_and_say_what_the_whole_says(
        update in arbitrary::update(),
        times in 1u32..400,
    ) {
        let whole = multiplied(&update, times);
        let parts = read(&whole);
        let numbers: Vec<u64> = parts.iter().map(|part| part.seq).collect();
        prop_assert_eq!(numbers, (whole.seq..whole.seq + parts.len() as u64).collect::<Vec<_>>());
        let (last, before) = parts.split_last().unwrap();
        prop_assert!(before.iter().all(|part| !part.complete));
        prop_assert_eq!(last.complete, whole.complete);
        prop_assert_eq!(joined(parts), whole);
    }
}

/// What a model of `updates` knows.
fn known(updates: Vec<Update>) -> impl PartialEq + std::fmt::Debug {
    let mut model = Model::default();
    for update in updates {
        assert_eq!(model.apply(update), Applied::Continued);
    }
    let stacks: Vec<_> = (0..400).map(|id| model.stack(StackId(id)).cloned()).collect();
    (
        (model.boot(), model.census(), model.lost()),
        (model.target().cloned(), model.gauges().cloned(), model.window().clone()),
        model.sites().cloned().collect::<Vec<_>>(),
        model.tasks().cloned().collect::<Vec<_>>(),
        stacks,
        model.resources().cloned().collect::<Vec<_>>(),
        model.waiting().cloned().collect::<Vec<_>>(),
        model.activity().clone(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_model_learns_the_same_from_the_parts_as_from_the_whole(
        first in arbitrary::update(),
        second in arbitrary::update(),
        times in 1u32..400,
    ) {
        let first = Update { seq: 1, complete: true, ..multiplied(&first, times) };
        let second = Update { boot: first.boot, seq: 2, ..multiplied(&second, times / 2) };
        let mut parts = read(&first);
        let next = parts.len() as u64 + 1;
        parts.extend(read(&Update { seq: next, ..second.clone() }));
        prop_assert_eq!(known(parts), known(vec![first, second]));
    }
}

#[test]
fn the_sender_learns_the_number_of_its_next_update() {
    let mut parts = split(Update::empty(BootId(1), 5, Moment(0)));
    assert_eq!(parts.next_seq(), 5);
    assert_eq!(parts.by_ref().count(), 1);
    assert_eq!(parts.next_seq(), 6);
}

#[test]
fn a_list_is_cut_by_number_too() {
    let ended = EndedTask { id: TaskId(0), ending: Ending::Unknown, at: Moment(0) };
    let update =
        Update { ended: vec![ended; MAX_ITEMS + 1], ..Update::empty(BootId(1), 1, Moment(0)) };
    let parts = read(&update);
    assert_eq!(parts.len(), 2);
    assert_eq!(joined(parts), update);
}

/// Facts that are as large as the writing side lets them be, and would be larger.
mod largest {
    use super::*;

    const TASK: TaskRef =
        TaskRef { id: TaskId(u64::MAX), site: Some(SiteId(u32::MAX)), alive: true };

    fn place() -> Place {
        Place { file: text(MAX_NAME_BYTES), line: u32::MAX, column: u32::MAX }
    }

    fn stack_counts() -> Vec<StackCount> {
        vec![StackCount { stack: StackId(u32::MAX), tasks: u64::MAX }; MAX_STACK_COUNTS * 2]
    }

    fn text(bytes: usize) -> String {
        "x".repeat(bytes * 2)
    }

    fn histogram() -> LogHistogram {
        LogHistogram::from_buckets((0..BUCKETS).map(|bucket| (bucket, MAX_COUNT / BUCKETS as u64)))
    }

    fn history() -> History {
        let bin =
            Bin { spawned: u32::MAX, returned: u32::MAX, ended: u32::MAX, min_live: u32::MAX };
        History {
            start: Moment(1 << 62),
            width: Duration::from_nanos(1 << 40),
            bins: vec![bin; MAX_BINS * 2],
        }
    }

    fn cluster() -> Cluster {
        // Hundreds of them can be folded into one.
        let many = MAX_COUNT >> 8;
        Cluster {
            stacks: vec![StackId(u32::MAX); MAX_CLUSTER_STACKS * 2],
            parked: many,
            current: many,
            ages: histogram(),
            oldest_parked: Moment(u64::MAX),
            oldest_spawned: Moment(u64::MAX),
            zero_wakers: many,
            zero_wakers_settled: many,
            zero_wakers_since: Some(Moment(u64::MAX)),
            unaccounted: many,
            never_woken: many / 3,
            woken_by_driver: many / 3,
            woken_by_task: many / 3,
            last_wake: Some(Moment(u64::MAX)),
            polls: (many, many),
            outlived: Some(Outlived {
                ended_ago: histogram(),
                scope: text(MAX_NAME_BYTES),
                opener: Some(TaskId(u64::MAX)),
            }),
            waker_gone: many,
            waker_gone_since: Some(Moment(u64::MAX)),
            last_waker: Some(TASK),
            cancelled: Some(Cancelled {
                tasks: many,
                ago: histogram(),
                seen: CancelSeen::Sibling,
                by: Some(TASK),
                token: Some(place()),
            }),
            timers: Some(Timers {
                tasks: many,
                soonest: Moment(u64::MAX),
                latest: Moment(u64::MAX),
            }),
            waits: (0..MAX_WAITS as u64 * 2)
                .map(|n| ResourceCount { resource: ResourceId(u64::MAX - n), tasks: many })
                .collect(),
            examples: vec![TaskId(u64::MAX); MAX_EXAMPLES * 2],
        }
    }

    pub(super) fn site() -> SiteFacts {
        let spawned_by =
            SpawnedBy { site: Some(SiteId(u32::MAX)), live: MAX_COUNT, orphans: MAX_COUNT };
        let place = SpawnSite {
            file: text(MAX_NAME_BYTES),
            line: u32::MAX,
            column: u32::MAX,
            name: text(MAX_NAME_BYTES),
            kind: TaskKind::BlockOn,
        };
        SiteFacts {
            last_spawn: Moment(u64::MAX),
            spawned: u64::MAX,
            returned: u64::MAX,
            cancelled: u64::MAX,
            panicked: u64::MAX,
            live: u64::MAX,
            max_live: u64::MAX,
            running: u64::MAX,
            scheduled: u64::MAX,
            future_bytes: u64::MAX,
            lifetimes: histogram(),
            cancelled_lifetimes: histogram(),
            poll_times: histogram(),
            scheduled_times: histogram(),
            minutes: history(),
            recent: history(),
            clusters: vec![cluster(); MAX_CLUSTERS * 2],
            spawned_by: vec![spawned_by; MAX_SPAWNED_BY * 2],
            children: u64::MAX,
            revived: u64::MAX,
            own: true,
            id: SiteId(u32::MAX),
            site: place,
            first_spawn: Moment(u64::MAX),
            park_times: histogram(),
            spawn_stacks: stack_counts(),
            running_for: histogram(),
            zombies: Some(Zombies {
                tasks: u64::MAX,
                bytes: u64::MAX,
                wakers: u64::MAX,
                ended_ago: histogram(),
                stacks: stack_counts(),
            }),
        }
    }

    pub(super) fn resource() -> ResourceFacts {
        let hold = Hold::Permits(u64::MAX);
        let since = Some(Moment(u64::MAX));
        let holder = Holder { task: Some(TASK), hold, since, movable: true };
        let grant = Grant { task: Some(TASK), at: Moment(u64::MAX) };
        let handle = Handle { side: Side::Receive, task: Some(TASK), moved: true, used: true };
        ResourceFacts {
            id: ResourceId(u64::MAX),
            kind: ResourceKind::Token,
            place: Some(place()),
            created: Moment(u64::MAX),
            created_by: Some(TASK),
            state: ResourceState::Channel { senders: u64::MAX, receivers: u64::MAX, closed: true },
            holders: vec![holder; MAX_HOLDERS + 3],
            unknown_holders: 4,
            granted: vec![grant; MAX_GRANTS + 5],
            handles: vec![handle; MAX_HANDLES + 6],
            waiting: u64::MAX,
            waiting_since: since,
            handed_over: since,
            last_takers: vec![TASK; MAX_TAKERS * 2],
            touched_by: Some(u64::MAX),
        }
    }

    pub(super) fn waiting_task() -> WaitingTask {
        let wait = ResourceWait {
            resource: ResourceId(u64::MAX),
            wants: Hold::Permits(u64::MAX),
            since: Moment(u64::MAX),
        };
        let registration = Registration { stack: StackId(u32::MAX), poll: u64::MAX };
        WaitingTask {
            id: TaskId(u64::MAX),
            site: SiteId(u32::MAX),
            state: TaskState::Parked,
            polls: u64::MAX,
            parked_since: Some(Moment(u64::MAX)),
            settled_since: Some(Moment(u64::MAX)),
            wakers: Some(u64::MAX),
            waits: vec![wait; MAX_WAITS * 2],
            only_child: Some(TaskId(u64::MAX)),
            passed_on: Some(Moment(u64::MAX)),
            registrations: vec![registration; MAX_REGISTRATIONS * 2],
        }
    }

    pub(super) fn activity() -> Activity {
        let (id, site) = (TaskId(u64::MAX), SiteId(u32::MAX));
        let since = Moment(u64::MAX);
        let worker = Worker {
            id: WorkerId(u32::MAX),
            name: text(MAX_THREAD_NAME_BYTES),
            polling: Some(LongPoll { task: id, site, since }),
            last_poll: Some(since),
            last_local_poll: Some(since),
        };
        let thread = Some(WorkerId(u32::MAX));
        let unpolled = UnpolledTask { id, site, woken: since, woken_on: thread, polled_on: thread };
        let spinning =
            SpinningTask { id, site, since, polls_per_s: f64::INFINITY, self_woken: f64::NAN };
        Activity {
            workers: vec![worker; MAX_WORKERS * 2],
            unpolled: vec![unpolled; MAX_UNPOLLED * 2],
            unpolled_total: u64::MAX,
            spinning: vec![spinning; MAX_SPINNING * 2],
        }
    }

    pub(super) fn stack() -> ParkStack {
        let frame = Frame {
            function: text(MAX_FUNCTION_BYTES),
            file: Some(text(MAX_NAME_BYTES)),
            line: Some(u32::MAX),
            user: true,
        };
        ParkStack {
            id: StackId(u32::MAX),
            wait: Some(Wait::Other(text(MAX_FUNCTION_BYTES))),
            park: Some(0),
            addresses: vec![u64::MAX; MAX_STACK_DEPTH * 2],
            frames: vec![frame; MAX_STACK_DEPTH * 2],
        }
    }

    pub(super) fn target() -> TargetInfo {
        TargetInfo {
            name: text(MAX_NAME_BYTES),
            pid: u32::MAX,
            host: Some(text(MAX_NAME_BYTES)),
            source: Source::Console,
            agent_version: text(MAX_NAME_BYTES),
            tokio_version: Some(text(MAX_NAME_BYTES)),
            caps: Cap::ALL.into_iter().collect(),
            instrumentation: Instrumentation::Missing {
                because: text(MAX_SENTENCE_BYTES),
                fix: text(MAX_SENTENCE_BYTES),
            },
            stacks: StackCapture::Off,
            resources: ResourceTracking::All,
            epoch_unix_ns: Some(u64::MAX),
            faults: vec![text(MAX_SENTENCE_BYTES); MAX_FAULTS * 2],
        }
    }

    pub(super) fn window() -> Window {
        Window {
            rows: vec![TaskId(u64::MAX); MAX_ROWS * 2],
            matched: u64::MAX,
            query_error: Some(text(MAX_SENTENCE_BYTES)),
        }
    }
}

#[test]
fn the_largest_facts_stay_within_a_message() {
    let site = v1::Site::from(&largest::site()).encoded_len();
    let stack = v1::Stack::from(&largest::stack()).encoded_len();
    let window = v1::Window::from(&largest::window()).encoded_len();
    let target = v1::TargetInfo::from(&largest::target()).encoded_len();
    let resource = v1::Resource::from(&largest::resource()).encoded_len();
    let waiting = v1::WaitingTask::from(&largest::waiting_task()).encoded_len();
    let activity = v1::Activity::from(&largest::activity()).encoded_len();
    // The first part can hold the target and the gauges, and then one item of any size.
    for (what, bytes) in [
        ("site", site),
        ("stack", stack),
        ("window", window),
        ("resource", resource),
        ("waiting task", waiting),
        ("activity", activity),
    ] {
        assert!(target + bytes + 4096 < MAX_MESSAGE_BYTES, "a {what} can take {bytes} bytes");
    }
}

#[test]
fn the_largest_update_is_sent_in_bounded_parts_that_can_be_read() {
    let update = Update {
        target: Some(largest::target()),
        gauges: Some(Gauges::default()),
        sites: vec![largest::site(); 3],
        stacks: vec![largest::stack(); 3],
        window: Some(largest::window()),
        resources: vec![largest::resource(); 100],
        resources_gone: vec![ResourceId(u64::MAX); MAX_ITEMS],
        waiting: vec![largest::waiting_task(); 1000],
        waiting_gone: vec![TaskId(u64::MAX); MAX_ITEMS],
        activity: Some(largest::activity()),
        ..Update::empty(BootId(u64::MAX), 1, Moment(u64::MAX))
    };
    let parts = read(&update);
    assert!(parts.len() >= 6);
    let whole = joined(parts);
    assert_eq!((whole.sites.len(), whole.stacks.len()), (3, 3));
    assert!(whole.target.unwrap().faults.last().unwrap().ends_with("33 more faults"));
    assert_eq!((whole.resources.len(), whole.waiting.len()), (100, 1000));
    assert_eq!((whole.resources_gone.len(), whole.waiting_gone.len()), (MAX_ITEMS, MAX_ITEMS));
    // What is not listed is unknown: 4 from the start, 3 holders, 5 grants, 6 handles.
    assert_eq!(whole.resources[0].unknown_holders, 18);
    let activity = whole.activity.unwrap();
    assert_eq!((activity.workers.len(), activity.unpolled.len()), (MAX_WORKERS, MAX_UNPOLLED));
    let spinning = activity.spinning[0];
    assert_eq!((spinning.polls_per_s, spinning.self_woken), (f64::MAX, 0.0));
}
