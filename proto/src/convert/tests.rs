//! What crosses the wire comes back equal; what cannot be a fact is refused by name.

use proptest::prelude::*;
use prost::Message as _;
use stranded_analysis::facts::*;
use stranded_analysis::histogram::LogHistogram;

use super::*;
use crate::arbitrary;
use crate::limits::*;
use crate::v1;

/// `fact` as bytes and back.
fn there_and_back<W, F>(fact: &F) -> Result<F, DecodeError>
where
    W: for<'a> From<&'a F> + prost::Message + Default,
    F: TryFrom<W, Error = DecodeError>,
{
    F::try_from(W::decode(W::from(fact).encode_to_vec().as_slice()).unwrap())
}

proptest! {
    #[test]
    fn an_update_comes_back_equal(update in arbitrary::update()) {
        prop_assert_eq!(there_and_back::<v1::Update, _>(&update), Ok(update));
    }

    #[test]
    fn a_view_comes_back_equal(view in arbitrary::view()) {
        prop_assert_eq!(there_and_back::<v1::View, _>(&view), Ok(view));
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        if let Ok(wire) = v1::Update::decode(bytes.as_slice()) {
            let _ = Update::try_from(wire);
        }
        if let Ok(wire) = v1::View::decode(bytes.as_slice()) {
            let _ = View::try_from(wire);
        }
    }

    #[test]
    fn a_damaged_update_is_read_or_refused_without_a_panic(
        update in arbitrary::update(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 1..4),
    ) {
        let mut bytes = v1::Update::from(&update).encode_to_vec();
        for (at, flip) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
        if let Ok(read) = v1::Update::decode(bytes.as_slice()).map(Update::try_from)
            && let Ok(update) = read
        {
            // Whatever was let through can be written again and is then the same.
            prop_assert_eq!(there_and_back::<v1::Update, _>(&update), Ok(update));
        }
    }
}

/// The wire form of a site whose numbers agree.
fn site() -> v1::Site {
    v1::Site {
        site: Some(v1::SpawnSite::default()),
        lifetimes: Some(v1::Histogram::default()),
        cancelled_lifetimes: Some(v1::Histogram::default()),
        poll_times: Some(v1::Histogram::default()),
        scheduled_times: Some(v1::Histogram::default()),
        minutes: Some(v1::History::default()),
        recent: Some(v1::History::default()),
        ..v1::Site::default()
    }
}

/// The wire form of a cluster of one task.
fn cluster() -> v1::Cluster {
    v1::Cluster { parked: 1, ages: Some(v1::Histogram::default()), ..v1::Cluster::default() }
}

/// What is said of an update with `site`.
fn refusal_of_site(site: v1::Site) -> String {
    let update =
        v1::Update { sites: vec![v1::Site { ..self::site() }, site], ..v1::Update::default() };
    Update::try_from(update).unwrap_err().to_string()
}

/// What is said of an update with a site with `cluster`.
fn refusal_of_cluster(cluster: v1::Cluster) -> String {
    refusal_of_site(v1::Site { clusters: vec![self::cluster(), cluster], ..site() })
}

/// What is said of an update with a site with these lifetimes.
fn refusal_of_lifetimes(buckets: &[u32], counts: &[u64]) -> String {
    let lifetimes = v1::Histogram { buckets: buckets.to_vec(), counts: counts.to_vec() };
    refusal_of_site(v1::Site { lifetimes: Some(lifetimes), ..site() })
}

#[test]
fn the_plain_site_and_cluster_of_these_tests_are_accepted() {
    let site = v1::Site { clusters: vec![cluster()], ..site() };
    assert!(SiteFacts::try_from(site).is_ok());
}

#[test]
fn a_missing_mandatory_message_is_named() {
    assert_eq!(
        refusal_of_site(v1::Site { minutes: None, ..site() }),
        "`sites[1].minutes`: is missing"
    );
    assert_eq!(
        refusal_of_cluster(v1::Cluster { ages: None, ..cluster() }),
        "`sites[1].clusters[1].ages`: is missing"
    );
    let reply = v1::DescribeReply::default();
    assert_eq!(
        crate::Description::try_from(reply).unwrap_err().to_string(),
        "`target`: is missing"
    );
}

#[test]
fn a_histogram_must_be_one() {
    assert_eq!(
        refusal_of_lifetimes(&[300], &[1]),
        "`sites[1].lifetimes.buckets`: bucket 300 does not exist; the last is 251",
    );
    assert_eq!(
        refusal_of_lifetimes(&[7, 7], &[1, 1]),
        "`sites[1].lifetimes.buckets`: bucket 7 does not follow the one before it",
    );
    assert_eq!(
        refusal_of_lifetimes(&[7], &[]),
        "`sites[1].lifetimes.counts`: has 0 entries where `buckets` has 1",
    );
    assert_eq!(refusal_of_lifetimes(&[7], &[0]), "`sites[1].lifetimes.counts`: is 0");
    assert_eq!(
        refusal_of_lifetimes(&[7, 8], &[u64::MAX, u64::MAX]),
        format!("`sites[1].lifetimes.counts`: is {}; at most {MAX_COUNT} is allowed", u64::MAX),
    );
    assert_eq!(
        refusal_of_lifetimes(&[7, 8], &[MAX_COUNT, 1]),
        format!(
            "`sites[1].lifetimes.counts`: is {}; at most {MAX_COUNT} is allowed",
            MAX_COUNT + 1
        ),
    );
}

#[test]
fn a_history_must_be_one() {
    let refusal = |minutes| refusal_of_site(v1::Site { minutes: Some(minutes), ..site() });
    let one_bin = || v1::History {
        width_ns: 1,
        spawned: vec![1],
        returned: vec![0],
        ended: vec![0],
        min_live: vec![0],
        ..v1::History::default()
    };
    assert_eq!(
        refusal(v1::History { ended: vec![], ..one_bin() }),
        "`sites[1].minutes.ended`: has 0 entries where `spawned` has 1",
    );
    assert_eq!(
        refusal(v1::History { width_ns: 0, ..one_bin() }),
        "`sites[1].minutes.width_ns`: is 0"
    );
    assert_eq!(
        refusal(v1::History { start_ns: u64::MAX, ..one_bin() }),
        "`sites[1].minutes.start_ns`: ends beyond the range of the clock",
    );
}

#[test]
fn the_parts_of_a_cluster_do_not_exceed_it() {
    let cases: [(v1::Cluster, &str); 7] = [
        (v1::Cluster { current: 2, ..cluster() }, "current`: is 2, more than `parked`, which is 1"),
        (
            v1::Cluster { zero_wakers: 2, ..cluster() },
            "zero_wakers`: is 2, more than `parked`, which is 1",
        ),
        (
            v1::Cluster { zero_wakers_settled: 1, ..cluster() },
            "zero_wakers_settled`: is 1, more than `zero_wakers`, which is 0",
        ),
        (
            v1::Cluster { unaccounted: 2, ..cluster() },
            "unaccounted`: is 2, more than `parked`, which is 1",
        ),
        (
            v1::Cluster { never_woken: 1, woken_by_task: 1, ..cluster() },
            "never_woken + woken_by_*`: is 2, more than `parked`, which is 1",
        ),
        (
            v1::Cluster { polls_min: 1, ..cluster() },
            "polls_min`: is 1, more than `polls_max`, which is 0",
        ),
        (
            v1::Cluster { parked: u64::MAX, ..cluster() },
            "parked`: is 18446744073709551615; at most 281474976710656 is allowed",
        ),
    ];
    for (cluster, fault) in cases {
        assert_eq!(refusal_of_cluster(cluster), format!("`sites[1].clusters[1].{fault}"));
    }
}

#[test]
fn orphans_are_among_the_live() {
    let spawned_by = v1::SpawnedBy { orphans: 1, ..v1::SpawnedBy::default() };
    assert_eq!(
        refusal_of_site(v1::Site { spawned_by: vec![spawned_by], ..site() }),
        "`sites[1].spawned_by[0].orphans`: is 1, more than `live`, which is 0",
    );
}

#[test]
fn a_stack_is_bounded_and_its_park_line_is_in_it() {
    let refusal = |stack: v1::Stack| ParkStack::try_from(stack).unwrap_err().to_string();
    let deep = vec![v1::Frame::default(); MAX_STACK_DEPTH + 1];
    assert_eq!(
        refusal(v1::Stack { frames: deep, ..v1::Stack::default() }),
        "`frames`: has 129 entries; at most 128 are allowed",
    );
    assert_eq!(
        refusal(v1::Stack { addresses: vec![0; MAX_STACK_DEPTH + 1], ..v1::Stack::default() }),
        "`addresses`: has 129 entries; at most 128 are allowed",
    );
    assert_eq!(
        refusal(v1::Stack {
            park: Some(1),
            frames: vec![v1::Frame::default()],
            ..v1::Stack::default()
        }),
        "`park`: is 1, but `frames` has 1 entries",
    );
    let function = "f".repeat(MAX_FUNCTION_BYTES + 1);
    assert_eq!(
        refusal(v1::Stack {
            frames: vec![v1::Frame { function, ..v1::Frame::default() }],
            ..v1::Stack::default()
        }),
        "`frames[0].function`: is 2049 bytes long; at most 2048 are allowed",
    );
}

#[test]
fn what_a_cluster_says_of_its_tasks_is_part_of_them() {
    assert_eq!(
        refusal_of_cluster(v1::Cluster { waker_gone: 2, ..cluster() }),
        "`sites[1].clusters[1].waker_gone`: is 2, more than `parked`, which is 1",
    );
    let timers = v1::Timers { tasks: 2, soonest_ns: 1, latest_ns: 1 };
    assert_eq!(
        refusal_of_cluster(v1::Cluster { timers: Some(timers), ..cluster() }),
        "`sites[1].clusters[1].timers.tasks`: is 2, more than `parked`, which is 1",
    );
    let timers = v1::Timers { tasks: 1, soonest_ns: 2, latest_ns: 1 };
    assert_eq!(
        refusal_of_cluster(v1::Cluster { timers: Some(timers), ..cluster() }),
        "`sites[1].clusters[1].timers.soonest_ns`: is 2, more than `latest_ns`, which is 1",
    );
    let cancelled =
        v1::Cancelled { tasks: 2, ago: Some(v1::Histogram::default()), ..v1::Cancelled::default() };
    assert_eq!(
        refusal_of_cluster(v1::Cluster { cancelled: Some(cancelled), ..cluster() }),
        "`sites[1].clusters[1].cancelled.tasks`: is 2, more than `parked`, which is 1",
    );
}

#[test]
fn a_resource_is_bounded_and_its_parts_are_named() {
    let refusal = |resource: v1::Resource| {
        let update = v1::Update { resources: vec![resource], ..v1::Update::default() };
        Update::try_from(update).unwrap_err().to_string()
    };
    let holder = v1::Holder { hold: Some(v1::Hold::default()), ..v1::Holder::default() };
    assert_eq!(
        refusal(v1::Resource { holders: vec![holder; MAX_HOLDERS + 1], ..v1::Resource::default() }),
        "`resources[0].holders`: has 65 entries; at most 64 are allowed",
    );
    assert_eq!(
        refusal(v1::Resource { holders: vec![v1::Holder::default()], ..v1::Resource::default() }),
        "`resources[0].holders[0].hold`: is missing",
    );
    let handles = vec![v1::Handle::default(); MAX_HANDLES + 1];
    assert_eq!(
        refusal(v1::Resource { handles, ..v1::Resource::default() }),
        "`resources[0].handles`: has 257 entries; at most 256 are allowed",
    );
    let lock = v1::ReadWrite { writer: false, readers: MAX_COUNT + 1 };
    let state = Some(v1::resource::State::ReadWrite(lock));
    assert_eq!(
        refusal(v1::Resource { state, ..v1::Resource::default() }),
        "`resources[0].state.readers`: is 281474976710657; at most 281474976710656 is allowed",
    );
}

#[test]
fn a_spinning_task_has_a_rate_and_a_share() {
    let refusal = |spinning: v1::SpinningTask| {
        let activity = v1::Activity { spinning: vec![spinning], ..v1::Activity::default() };
        let update = v1::Update { activity: Some(activity), ..v1::Update::default() };
        Update::try_from(update).unwrap_err().to_string()
    };
    for polls_per_s in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            refusal(v1::SpinningTask { polls_per_s, ..v1::SpinningTask::default() }),
            "`activity.spinning[0].polls_per_s`: is not a finite number from 0 up",
        );
    }
    for self_woken in [-0.1, 1.1, f64::NAN] {
        assert_eq!(
            refusal(v1::SpinningTask { self_woken, ..v1::SpinningTask::default() }),
            "`activity.spinning[0].self_woken`: is not a share from 0 to 1",
        );
    }
}

/// An agent of level 1 knows nothing of them.
#[test]
fn a_site_without_the_histograms_of_level_2_is_read() {
    let read = SiteFacts::try_from(site()).unwrap();
    assert_eq!((read.park_times.count(), read.running_for.count()), (0, 0));
    assert_eq!((read.spawn_stacks.len(), read.zombies), (0, None));
}

#[test]
fn a_window_and_a_view_are_bounded() {
    let window = v1::Window { rows: vec![0; MAX_ROWS + 1], ..v1::Window::default() };
    assert_eq!(
        Window::try_from(window).unwrap_err().to_string(),
        "`rows`: has 10001 entries; at most 10000 are allowed",
    );
    let refusal = |view: v1::View| View::try_from(view).unwrap_err().to_string();
    assert_eq!(
        refusal(v1::View { limit: MAX_ROWS as u32 + 1, ..v1::View::default() }),
        "`limit`: is 10001; at most 10000 is allowed",
    );
    assert_eq!(
        refusal(v1::View { query: "x".repeat(MAX_QUERY_BYTES + 1), ..v1::View::default() }),
        "`query`: is 4097 bytes long; at most 4096 are allowed",
    );
    assert_eq!(
        refusal(v1::View { focus: vec![0; MAX_FOCUS + 1], ..v1::View::default() }),
        "`focus`: has 257 entries; at most 256 are allowed",
    );
    assert_eq!(
        refusal(v1::View {
            sort: Some(v1::Sort { column: 99, descending: true }),
            ..v1::View::default()
        }),
        "`sort.column`: 99 means nothing to this version; a newer viewer needs a newer agent",
    );
}

#[test]
fn an_empty_view_is_the_default_one() {
    assert_eq!(View::try_from(v1::View::default()), Ok(View::default()));
}

#[test]
fn a_wake_by_a_task_names_the_task() {
    let wake = v1::Wake { by: v1::WakeSource::Task.into(), ..v1::Wake::default() };
    let task = v1::Task { last_wake: Some(wake), ..v1::Task::default() };
    assert_eq!(TaskFacts::try_from(task).unwrap_err().to_string(), "`last_wake.task`: is missing");
}

#[test]
fn enum_values_of_the_future_read_as_unknown() {
    let task = v1::Task {
        state: 99,
        last_wake: Some(v1::Wake { by: 99, task: Some(1), ..v1::Wake::default() }),
        ..v1::Task::default()
    };
    let task = TaskFacts::try_from(task).unwrap();
    assert_eq!(task.state, TaskState::Unknown);
    assert_eq!(task.last_wake.unwrap().by, WakeSource::Unknown);

    let ended = EndedTask::try_from(v1::EndedTask { ending: 99, ..v1::EndedTask::default() });
    assert_eq!(ended.unwrap().ending, Ending::Unknown);

    let place = SpawnSite::try_from(v1::SpawnSite { kind: 99, ..v1::SpawnSite::default() });
    assert_eq!(place.unwrap().kind, TaskKind::Unknown);

    let resource = v1::Resource {
        kind: 99,
        holders: vec![v1::Holder {
            hold: Some(v1::Hold { kind: 99, permits: u64::MAX }),
            ..v1::Holder::default()
        }],
        handles: vec![v1::Handle { side: 99, ..v1::Handle::default() }],
        ..v1::Resource::default()
    };
    let resource = ResourceFacts::try_from(resource).unwrap();
    assert_eq!(resource.kind, ResourceKind::Unknown);
    assert_eq!(resource.state, ResourceState::Unknown);
    assert_eq!(resource.holders[0].hold, Hold::Unknown);
    assert_eq!(resource.handles[0].side, Side::Unknown);

    let target = v1::TargetInfo {
        resources: 99,
        protocol: crate::PROTOCOL + 1,
        source: 99,
        stacks: 99,
        caps: vec![99, v1::Cap::Wakers.into(), -1],
        instrumentation: Some(v1::Instrumentation { state: 99, ..v1::Instrumentation::default() }),
        ..v1::TargetInfo::default()
    };
    let target = TargetInfo::try_from(target).unwrap();
    assert_eq!(target.source, Source::Unknown);
    assert_eq!(target.stacks, StackCapture::Unknown);
    assert_eq!(target.resources, ResourceTracking::Unknown);
    assert_eq!(target.caps.iter().collect::<Vec<_>>(), [Cap::Wakers]);
    assert!(
        matches!(target.instrumentation, Instrumentation::Missing { .. }),
        "an unknown state is not trusted"
    );
}

#[test]
fn a_target_without_a_protocol_level_is_refused() {
    let refusal = TargetInfo::try_from(v1::TargetInfo::default()).unwrap_err();
    assert_eq!(refusal.to_string(), "`protocol`: is missing");
}

#[test]
fn a_long_text_is_cut_at_a_character_with_a_mark() {
    let name = "é".repeat(MAX_NAME_BYTES);
    let scope = Scope { name, opener: None, ended: None };
    let wire = v1::Scope::from(&scope);
    assert_eq!(wire.name, format!("{}…", "é".repeat((MAX_NAME_BYTES - '…'.len_utf8()) / 2)));
    assert!(Scope::try_from(wire).is_ok());
}

#[test]
fn a_deep_stack_says_how_many_frames_are_left_out() {
    let frame = |user| Frame { function: "f".to_owned(), file: None, line: None, user };
    let mut stack = ParkStack {
        id: StackId(1),
        wait: None,
        park: Some(5),
        addresses: (0..200).collect(),
        frames: vec![frame(true); 200],
    };
    let read = there_and_back::<v1::Stack, _>(&stack).unwrap();
    assert_eq!(read.frames.len(), MAX_STACK_DEPTH);
    assert_eq!(read.frames[MAX_STACK_DEPTH - 1].function, "… 73 more frames");
    assert_eq!(read.park, Some(5));
    assert_eq!(read.addresses.len(), MAX_STACK_DEPTH);

    stack.park = Some(150);
    assert_eq!(
        there_and_back::<v1::Stack, _>(&stack).unwrap().park,
        None,
        "a line that was cut off is unknown"
    );
}

#[test]
fn a_long_history_keeps_its_latest_bins_at_their_time() {
    let bin = |spawned| Bin { spawned, ..Bin::default() };
    let width = std::time::Duration::from_nanos(10);
    let bins = (0..MAX_BINS as u32 + 3).map(bin).collect();
    let read =
        there_and_back::<v1::History, _>(&History { start: Moment(1000), width, bins }).unwrap();
    assert_eq!((read.start, read.bins.len(), read.bins[0]), (Moment(1030), MAX_BINS, bin(3)));
}

#[test]
fn of_too_many_clusters_the_small_ones_are_folded_so_that_counts_add_up() {
    let histogram = |count| LogHistogram::from_buckets([(40, count)]);
    let cluster = |n: u64| Cluster {
        parked: n,
        current: n,
        ages: histogram(n),
        zero_wakers: 1,
        // The smallest is the one that a proof hangs on.
        zero_wakers_settled: u64::from(n == 1),
        never_woken: n,
        last_wake: Some(Moment(n)),
        polls: (n, n),
        waker_gone: n,
        waker_gone_since: Some(Moment(500 - n)),
        outlived: Some(Outlived { ended_ago: histogram(1), scope: "s".to_owned(), opener: None }),
        cancelled: Some(Cancelled {
            tasks: n,
            ago: histogram(n),
            seen: CancelSeen::Woken,
            by: None,
            token: None,
        }),
        timers: Some(Timers { tasks: n, soonest: Moment(n), latest: Moment(100 + n) }),
        waits: vec![
            ResourceCount { resource: ResourceId(7), tasks: n },
            ResourceCount { resource: ResourceId(100 + n), tasks: 1 },
        ],
        examples: vec![TaskId(n)],
        ..Cluster::new(vec![StackId(n as u32)], Moment(900 - n), Moment(1000 - n))
    };
    let all: Vec<Cluster> = (1..=MAX_CLUSTERS as u64 + 10).map(cluster).collect();
    let sent = cluster::at_most(&all, MAX_CLUSTERS);

    let total = |clusters: &[Cluster]| clusters.iter().map(|cluster| cluster.parked).sum::<u64>();
    assert_eq!(sent.len(), MAX_CLUSTERS);
    assert_eq!(total(&sent), total(&all));
    assert!(
        sent.iter()
            .any(|cluster| cluster.zero_wakers_settled == 1 && cluster.stacks == [StackId(1)])
    );

    let folded = sent.last().unwrap();
    assert_eq!(folded.stacks, []);
    assert_eq!(folded.parked, (2..=12).sum::<u64>());
    assert_eq!(folded.ages.count(), folded.parked);
    assert_eq!(folded.polls, (2, 12));
    assert_eq!((folded.oldest_parked, folded.last_wake), (Moment(988), Some(Moment(12))));
    assert_eq!(folded.outlived.as_ref().unwrap().ended_ago.count(), 11);
    assert_eq!(folded.examples.len(), 11);
    assert_eq!(folded.waker_gone, folded.parked);
    assert_eq!(folded.waker_gone_since, Some(Moment(488)));
    let cancelled = folded.cancelled.as_ref().unwrap();
    assert_eq!((cancelled.tasks, cancelled.ago.count()), (folded.parked, folded.parked));
    let timers = Timers { tasks: folded.parked, soonest: Moment(2), latest: Moment(112) };
    assert_eq!(folded.timers, Some(timers));
    assert_eq!(folded.waits[0], ResourceCount { resource: ResourceId(7), tasks: folded.parked });
    assert_eq!(folded.waits.len(), 12);
}
