//! Each clause of the rules that name a cause, missing by the least amount: then the rule must not accuse.

use std::time::Duration;

use rstest::rstest;
use stranded_analysis::facts::{
    BlockingPool, CancelSeen, ResourceState, SiteFacts, SiteId, SpawnedBy, TaskKind, Update, Wait,
};
use stranded_analysis::histogram::{LogHistogram, bucket_of};
use stranded_analysis::report::Class;

use crate::load::Scenario;
use crate::scenarios::play;

/// The class in which `rule` accuses after `change`, if it does, in a row of its own or as evidence.
fn class_after(name: &str, rule: &str, change: impl FnOnce(&mut Update)) -> Option<Class> {
    let mut scenario = Scenario::named(name);
    change(scenario.updates.last_mut().unwrap());
    let (_, report) = play(&scenario);
    let prefix = format!("{rule}: ");
    report
        .findings
        .iter()
        .find(|finding| {
            finding.rule.0 == rule || finding.evidence.iter().any(|text| text.starts_with(&prefix))
        })
        .map(|finding| finding.class)
}

fn all(count: u64, span: Duration) -> LogHistogram {
    LogHistogram::from_buckets([(bucket_of(span.as_nanos() as u64), count)])
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// The scenarios as they are: otherwise the clauses below would hold for want of an accusation.
#[rstest]
#[case("leaks/cancelled_not_gone", "L4", Class::Likely)]
#[case("leaks/waker_gone", "L5", Class::Likely)]
#[case("leaks/stalled_sender", "L6", Class::Likely)]
#[case("leaks/no_deadline", "L9", Class::Likely)]
#[case("leaks/spawned_on_drop", "L10", Class::Likely)]
#[case("leaks/barrier_that_falls_short", "L11", Class::Likely)]
#[case("leaks/tracker_never_closed", "L11", Class::Likely)]
#[case("leaks/leaked_tickers", "L12", Class::Likely)]
#[case("leaks/spinning", "L13", Class::Likely)]
#[case("leaks/poll_that_does_not_return", "L13", Class::Likely)]
#[case("leaks/stuck_blocking_work", "L14", Class::Likely)]
#[case("leaks/far_timer", "W3", Class::Watch)]
#[case("leaks/old_keep_alive", "W5", Class::Watch)]
#[case("leaks/self_waker", "W6", Class::Watch)]
#[case("leaks/wakers_not_counted", "W7", Class::Watch)]
#[case("leaks/big_survivors", "W8", Class::Watch)]
fn unchanged(#[case] name: &str, #[case] rule: &str, #[case] class: Class) {
    assert_eq!(class_after(name, rule, |_| {}), Some(class));
}

fn first(update: &mut Update) -> &mut SiteFacts {
    &mut update.sites[0]
}

#[rstest]
#[case::within_the_grace("leaks/cancelled_not_gone", "L4", |update: &mut Update| {
    first(update).clusters[0].cancelled.as_mut().unwrap().ago = all(2, seconds(4));
})]
#[case::seen_in_an_unknown_way("leaks/cancelled_not_gone", "L4", |update: &mut Update| {
    first(update).clusters[0].cancelled.as_mut().unwrap().seen = CancelSeen::Unknown;
})]
#[case::about_to_wake("leaks/cancelled_not_gone", "L4", |update: &mut Update| {
    let at = update.at;
    let cluster = &mut first(update).clusters[0];
    cluster.oldest_parked = at.back(seconds(30));
    let timers = cluster.timers.as_mut().unwrap();
    (timers.soonest, timers.latest) = (at.forward(seconds(1)), at.forward(seconds(5)));
})]
#[case::wakers_just_gone("leaks/waker_gone", "L5", |update: &mut Update| {
    let at = update.at;
    first(update).clusters[0].waker_gone_since = Some(at.back(seconds(29)));
})]
#[case::ten_times_a_long_gap("leaks/waker_gone", "L5", |update: &mut Update| {
    first(update).park_times = all(100, seconds(80));
})]
#[case::never_woken("leaks/waker_gone", "L5", |update: &mut Update| {
    first(update).park_times = LogHistogram::default();
})]
#[case::waiting_for_something_else("leaks/waker_gone", "L5", |update: &mut Update| {
    update.stacks.iter_mut().for_each(|stack| stack.wait = Some(Wait::Mutex));
})]
#[case::wakers_come_and_go("leaks/waker_gone", "L5", |update: &mut Update| {
    update.sites[1].spawned = 81;
})]
#[case::room("leaks/stalled_sender", "L6", |update: &mut Update| {
    update.resources[0].state = ResourceState::Permits { available: 1, capacity: Some(64) };
})]
#[case::the_queue_moved("leaks/stalled_sender", "L6", |update: &mut Update| {
    update.resources[0].handed_over = Some(update.at.back(seconds(29)));
})]
#[case::waiting_only_just("leaks/stalled_sender", "L6", |update: &mut Update| {
    update.resources[0].waiting_since = Some(update.at.back(seconds(29)));
})]
#[case::twenty_times_a_long_gap("leaks/stalled_sender", "L6", |update: &mut Update| {
    first(update).park_times = all(100, seconds(20));
})]
#[case::parked_in_another_poll("leaks/stalled_sender", "L6", |update: &mut Update| {
    first(update).clusters[0].current = 30;
})]
#[case::a_timer_beside_it("leaks/no_deadline", "L9", |update: &mut Update| {
    let mut timer = update.stacks[1].clone();
    (timer.id.0, timer.wait) = (99, Some(Wait::Sleep));
    update.sites[1].clusters[0].stacks.push(timer.id);
    update.stacks.push(timer);
})]
#[case::no_norm("leaks/no_deadline", "L9", |update: &mut Update| {
    let site = &mut update.sites[1];
    (site.returned, site.lifetimes) = (19, all(19, seconds(1)));
})]
#[case::not_ten_times("leaks/no_deadline", "L9", |update: &mut Update| {
    update.sites[1].park_times = all(100, seconds(66));
})]
#[case::spawned_by_nobody_known("leaks/no_deadline", "L9", |update: &mut Update| {
    update.sites[1].spawned_by.clear();
})]
#[case::spawned_under_block_on("leaks/no_deadline", "L9", |update: &mut Update| {
    update.sites[0].site.kind = TaskKind::BlockOn;
})]
#[case::spawned_elsewhere("leaks/spawned_on_drop", "L10", |update: &mut Update| {
    let mut count = first(update).spawn_stacks[0];
    count.stack.0 += 99;
    count.tasks = 4;
    first(update).spawn_stacks.push(count);
})]
#[case::its_spawner_is_alive("leaks/spawned_on_drop", "L10", |update: &mut Update| {
    first(update).spawned_by[0].orphans = 0;
})]
#[case::too_young("leaks/spawned_on_drop", "L10", |update: &mut Update| {
    first(update).clusters[0].ages = all(12, seconds(29));
})]
#[case::one_more_knows_the_barrier("leaks/barrier_that_falls_short", "L11", |update: &mut Update| {
    update.resources[0].touched_by = Some(4);
})]
#[case::who_knows_it_is_not_told("leaks/barrier_that_falls_short", "L11", |update: &mut Update| {
    update.resources[0].touched_by = None;
})]
#[case::all_arrived("leaks/barrier_that_falls_short", "L11", |update: &mut Update| {
    update.resources[0].state = ResourceState::Barrier { size: 3, arrived: 3 };
})]
#[case::waiting_only_just_for_the_barrier("leaks/barrier_that_falls_short", "L11", |update: &mut Update| {
    let at = update.at;
    first(update).clusters[0].oldest_parked = at.back(seconds(29));
})]
#[case::it_spawned_nobody("leaks/tracker_never_closed", "L11", |update: &mut Update| {
    first(update).children = 0;
})]
#[case::an_orphan_may_be_tracked("leaks/tracker_never_closed", "L11", |update: &mut Update| {
    let site = &mut update.sites[1];
    (site.spawned, site.live) = (41, 1);
    site.spawned_by = vec![SpawnedBy { site: Some(SiteId(7)), live: 1, orphans: 1 }];
})]
#[case::one_of_unknown_origin("leaks/tracker_never_closed", "L11", |update: &mut Update| {
    let site = &mut update.sites[1];
    (site.spawned, site.live) = (41, 1);
})]
#[case::ticked_nine_times("leaks/leaked_tickers", "L12", |update: &mut Update| {
    first(update).clusters[0].polls = (9, 9);
})]
#[case::stopped_ticking("leaks/leaked_tickers", "L12", |update: &mut Update| {
    let at = update.at;
    first(update).clusters[0].oldest_parked = at.back(seconds(11));
})]
#[case::woken_by_another_task("leaks/leaked_tickers", "L12", |update: &mut Update| {
    first(update).clusters[0].woken_by_driver = 59;
})]
#[case::their_number_is_constant("leaks/leaked_tickers", "L12", |update: &mut Update| {
    first(update).minutes.bins.iter_mut().for_each(|bin| bin.min_live = 60);
})]
#[case::woken_by_others("leaks/spinning", "L13", |update: &mut Update| {
    update.activity.as_mut().unwrap().spinning[0].self_woken = 0.9;
})]
#[case::not_so_often("leaks/spinning", "L13", |update: &mut Update| {
    update.activity.as_mut().unwrap().spinning[0].polls_per_s = 999.0;
})]
#[case::not_for_long("leaks/spinning", "L13", |update: &mut Update| {
    update.activity.as_mut().unwrap().spinning[0].since = update.at.back(seconds(29));
})]
#[case::a_poll_of_five_seconds("leaks/poll_that_does_not_return", "L13", |update: &mut Update| {
    let since = update.at.back(seconds(5));
    let worker = &mut update.activity.as_mut().unwrap().workers[0];
    worker.polling.as_mut().unwrap().since = since;
})]
#[case::still_short("leaks/stuck_blocking_work", "L14", |update: &mut Update| {
    first(update).running_for = all(3, seconds(55));
})]
#[case::somebody_waits_for_it("leaks/stuck_blocking_work", "L14", |update: &mut Update| {
    first(update).spawned_by[0].orphans = 0;
})]
#[case::no_blocking_kind("leaks/stuck_blocking_work", "L14", |update: &mut Update| {
    first(update).site.kind = TaskKind::Task;
})]
#[case::threads_left("leaks/blocking_pool_full", "L14", |update: &mut Update| {
    update.gauges.as_mut().unwrap().blocking =
        Some(BlockingPool { threads: 512, idle: 103, queued: 0 });
})]
#[case::due_within_a_day("leaks/far_timer", "W3", |update: &mut Update| {
    let due = update.at.forward(seconds(24 * 3600));
    let timers = first(update).clusters[0].timers.as_mut().unwrap();
    (timers.soonest, timers.latest) = (due, due);
})]
#[case::idle_for_half_an_hour("leaks/old_keep_alive", "W5", |update: &mut Update| {
    let at = update.at;
    first(update).clusters[0].oldest_parked = at.back(seconds(1800));
})]
#[case::no_keep_alive("leaks/old_keep_alive", "W5", |update: &mut Update| {
    update.gauges.as_mut().unwrap().open_sockets = Some(2);
})]
#[case::a_socket_beside_it("leaks/self_waker", "W6", |update: &mut Update| {
    let mut socket = update.stacks[0].clone();
    (socket.id.0, socket.wait) = (99, Some(Wait::TcpRead));
    first(update).clusters[0].stacks.push(socket.id);
    update.stacks.push(socket);
})]
#[case::woken_lately("leaks/self_waker", "W6", |update: &mut Update| {
    let at = update.at;
    first(update).clusters[0].oldest_parked = at.back(seconds(30));
})]
#[case::counted("leaks/wakers_not_counted", "W7", |update: &mut Update| {
    first(update).clusters[0].unaccounted = 0;
})]
#[case::sixteen_mebibytes("leaks/big_survivors", "W8", |update: &mut Update| {
    first(update).future_bytes = 32_768;
})]
fn without_the_clause_the_rule_does_not_accuse(
    #[case] name: &str,
    #[case] rule: &str,
    #[case] change: fn(&mut Update),
) {
    assert_eq!(class_after(name, rule, change), None);
}

#[rstest]
#[case::a_waker_of_unknown_site("leaks/waker_gone", "L5", |update: &mut Update| {
    first(update).clusters[0].last_waker.as_mut().unwrap().site = None;
})]
#[case::polls_that_do_some_work("leaks/spinning", "L13", |update: &mut Update| {
    first(update).poll_times = all(1000, Duration::from_micros(60));
})]
#[case::nobody_waits_for_the_thread("leaks/poll_that_does_not_return", "L13", |update: &mut Update| {
    update.activity.as_mut().unwrap().unpolled_total = 0;
})]
fn in_doubt_the_rule_only_watches(
    #[case] name: &str,
    #[case] rule: &str,
    #[case] change: fn(&mut Update),
) {
    assert_eq!(class_after(name, rule, change), Some(Class::Watch));
}

#[test]
fn the_cause_gets_the_row_and_the_symptoms_become_its_evidence() {
    let mut scenario = Scenario::named("leaks/survivors");
    let update = scenario.updates.last_mut().unwrap();
    update.stacks[0].wait = Some(Wait::MpscSend);
    update.sites[0].clusters[0].oldest_parked = update.at.back(seconds(41 * 60));
    let (_, report) = play(&scenario);
    let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.0).collect();
    assert_eq!(rules, ["L6"]);
    assert!(report.findings[0].evidence.iter().any(|text| text.starts_with("L1: 36 of ")));
}
