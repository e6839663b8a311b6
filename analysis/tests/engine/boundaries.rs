//! Each clause of each condition, missing by the least amount: then the rule must not accuse.

use std::time::Duration;

use rstest::rstest;
use stranded_analysis::facts::{Moment, SiteFacts, TaskKind, Update, Wait};
use stranded_analysis::histogram::{LogHistogram, bucket_of};

use crate::load::Scenario;
use crate::scenarios::play;

const SURVIVORS: &str = "leaks/survivors";
const BY_THE_MINUTE: &str = "leaks/growth_by_the_minute";
const BY_THE_SECOND: &str = "leaks/growth_by_the_second";
const LOST: &str = "leaks/lost_waker";
const OUTLIVED: &str = "leaks/outlived";
const SLOW: &str = "leaks/slow_for_its_site";
const ABORTED: &str = "leaks/parked_until_aborted";

fn rules_after(name: &str, change: fn(&mut SiteFacts)) -> Vec<&'static str> {
    after(name, |update| change(&mut update.sites[0]))
}

fn after(name: &str, change: impl FnOnce(&mut Update)) -> Vec<&'static str> {
    let mut scenario = Scenario::named(name);
    change(scenario.updates.last_mut().unwrap());
    let (_, report) = play(&scenario);
    report.findings.iter().map(|finding| finding.rule.0).collect()
}

fn all(count: u64, span: Duration) -> LogHistogram {
    LogHistogram::from_buckets([(bucket_of(span.as_nanos() as u64), count)])
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[rstest]
#[case::unchanged(|_: &mut SiteFacts| {}, true)]
#[case::too_few_returned(|site: &mut SiteFacts| { site.returned = 19; site.lifetimes = all(19, Duration::from_millis(12)); }, false)]
#[case::too_few_survivors(|site: &mut SiteFacts| site.clusters[0].ages = all(2, seconds(1200)), false)]
#[case::three_survivors(|site: &mut SiteFacts| site.clusters[0].ages = all(3, seconds(1200)), true)]
#[case::not_old_enough(|site: &mut SiteFacts| site.clusters[0].ages = all(36, seconds(29)), false)]
#[case::older_than_the_window(|site: &mut SiteFacts| site.clusters[0].ages = all(36, seconds(3 * 3600)), false)]
#[case::ten_times_a_long_norm(|site: &mut SiteFacts| site.lifetimes = all(2484, seconds(300)), false)]
#[case::as_many_returned_late(|site: &mut SiteFacts| {
    site.clusters[0].ages = all(24, seconds(1200));
    site.lifetimes.add(bucket_of(600_000_000_000), 24);
}, false)]
#[case::none_returned_late(|site: &mut SiteFacts| site.clusters[0].ages = all(24, seconds(1200)), true)]
#[case::at_two_places(|site: &mut SiteFacts| {
    let mut elsewhere = site.clusters[0].clone();
    elsewhere.stacks.clear();
    elsewhere.ages = all(18, seconds(1200));
    site.clusters[0].ages = all(18, seconds(1200));
    site.clusters.push(elsewhere);
}, true)]
#[case::of_no_waker_kind(|site: &mut SiteFacts| site.site.kind = TaskKind::Blocking, false)]
fn survivors(#[case] change: fn(&mut SiteFacts), #[case] accused: bool) {
    assert_eq!(rules_after(SURVIVORS, change).contains(&"L1"), accused);
}

#[test]
fn survivors_at_two_known_places_have_no_common_cause() {
    let rules = after(SURVIVORS, |update| {
        let site = &mut update.sites[0];
        let mut elsewhere = site.clusters[0].clone();
        let mut stack = update.stacks[0].clone();
        stack.id.0 += 1;
        stack.frames[0].line = Some(7);
        elsewhere.stacks = vec![stack.id];
        elsewhere.ages = all(18, seconds(1200));
        site.clusters[0].ages = all(18, seconds(1200));
        site.clusters.push(elsewhere);
        update.stacks.push(stack);
    });
    assert!(!rules.contains(&"L1"), "{rules:?}");
}

#[rstest]
#[case::unchanged(|_: &mut SiteFacts| {}, true)]
#[case::one_returned(|site: &mut SiteFacts| site.returned = 1, false)]
#[case::one_aborted(|site: &mut SiteFacts| site.cancelled = 1, true)]
#[case::four_live(|site: &mut SiteFacts| site.live = 4, false)]
#[case::no_trend(|site: &mut SiteFacts| site.minutes.bins.iter_mut().for_each(|bin| bin.min_live = 20), false)]
#[case::a_falling_trend(|site: &mut SiteFacts| site.minutes.bins.reverse(), false)]
#[case::five_points(|site: &mut SiteFacts| { site.minutes.bins.drain(..15); site.minutes.start = Moment(25 * 60_000_000_000); }, false)]
#[case::six_points(|site: &mut SiteFacts| { site.minutes.bins.drain(..14); site.minutes.start = Moment(24 * 60_000_000_000); }, true)]
#[case::bursts_without_a_trend(|site: &mut SiteFacts| {
    for (at, bin) in site.minutes.bins.iter_mut().enumerate() {
        bin.min_live = if at % 3 == 0 { 40 } else { 5 };
    }
}, false)]
#[case::a_rise_that_may_be_chance(|site: &mut SiteFacts| {
    for (at, bin) in site.minutes.bins.iter_mut().enumerate() {
        bin.min_live = [10, 18, 9, 20, 11][at % 5] + at as u32 / 5;
    }
}, false)]
#[case::of_no_waker_kind(|site: &mut SiteFacts| site.site.kind = TaskKind::BlockOn, false)]
fn growth(#[case] change: fn(&mut SiteFacts), #[case] accused: bool) {
    assert_eq!(rules_after(BY_THE_MINUTE, change) == ["L2"], accused);
}

#[rstest]
#[case::unchanged(|_: &mut SiteFacts| {}, true)]
#[case::spawning_too_slowly(|site: &mut SiteFacts| site.recent.bins.iter_mut().for_each(|bin| bin.spawned = 0), false)]
#[case::five_points(|site: &mut SiteFacts| { site.recent.bins.drain(..4); site.recent.start.0 += 20_000_000_000; }, false)]
fn growth_by_the_second(#[case] change: fn(&mut SiteFacts), #[case] accused: bool) {
    assert_eq!(rules_after(BY_THE_SECOND, change) == ["L2"], accused);
}

#[rstest]
#[case::unchanged(|_: &mut SiteFacts| {}, &["P1"])]
#[case::with_a_waker(|site: &mut SiteFacts| { site.clusters[0].zero_wakers = 0; site.clusters[0].zero_wakers_settled = 0; }, &[])]
#[case::of_no_waker_kind(|site: &mut SiteFacts| site.site.kind = TaskKind::Blocking, &[])]
#[case::local(|site: &mut SiteFacts| site.site.kind = TaskKind::Local, &["P1"])]
#[case::two_aborted(|site: &mut SiteFacts| site.cancelled = 2, &["P1"])]
#[case::three_aborted(|site: &mut SiteFacts| site.cancelled = 3, &["W2"])]
#[case::three_aborted_of_many(|site: &mut SiteFacts| { site.cancelled = 3; site.returned = 4; }, &["P1"])]
fn lost_waker(#[case] change: fn(&mut SiteFacts), #[case] rules: &[&str]) {
    assert_eq!(rules_after(LOST, change), rules);
}

#[test]
fn an_unsettled_proof_is_a_candidate_however_long_it_is_looked_at() {
    let mut scenario = Scenario::named(LOST);
    let mut later = scenario.updates[0].clone();
    for update in [&mut scenario.updates[0], &mut later] {
        update.sites[0].clusters[0].zero_wakers_settled = 0;
    }
    later.seq = 2;
    later.target = None;
    later.at = later.at.forward(seconds(60));
    scenario.updates.push(later);
    let (_, report) = play(&scenario);
    assert_eq!(report.confirmed().count(), 0);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.verdict.name(), "inconclusive");
}

#[rstest]
#[case::unchanged(|_: &mut SiteFacts| {}, true)]
#[case::ended_just_now(|site: &mut SiteFacts| outlived(site, seconds(9)), false)]
#[case::ended_long_enough_ago(|site: &mut SiteFacts| outlived(site, seconds(30)), true)]
#[case::siblings_take_as_long(|site: &mut SiteFacts| site.lifetimes = all(5, seconds(40)), false)]
#[case::resident(|site: &mut SiteFacts| { site.last_spawn = Moment(0); site.max_live = site.live; }, false)]
#[case::ends_by_abort(|site: &mut SiteFacts| site.cancelled = 5, false)]
#[case::from_a_pooling_crate(|site: &mut SiteFacts| site.site.file = "/registry/src/x/h2-0.4.5/src/client.rs".into(), false)]
#[case::of_no_waker_kind(|site: &mut SiteFacts| site.site.kind = TaskKind::Blocking, false)]
fn outlived_its_request(#[case] change: fn(&mut SiteFacts), #[case] accused: bool) {
    assert_eq!(rules_after(OUTLIVED, change) == ["L3"], accused);
}

fn outlived(site: &mut SiteFacts, ago: Duration) {
    site.clusters[0].outlived.as_mut().unwrap().ended_ago = all(12, ago);
}

#[rstest]
#[case::unchanged(|_: &mut SiteFacts| {}, true)]
#[case::too_few_returned(|site: &mut SiteFacts| { site.returned = 19; site.lifetimes = all(19, Duration::from_millis(200)); }, false)]
#[case::not_a_hundred_times(|site: &mut SiteFacts| site.lifetimes = all(1204, seconds(9)), false)]
#[case::one_returned_as_late(|site: &mut SiteFacts| site.lifetimes.add(bucket_of(900_000_000_000), 1), false)]
#[case::not_long_enough(|site: &mut SiteFacts| {
    site.lifetimes = all(1204, Duration::from_millis(1));
    site.clusters[0].oldest_parked = Moment(3600 * 1_000_000_000 - 29_000_000_000);
}, false)]
#[case::of_no_waker_kind(|site: &mut SiteFacts| site.site.kind = TaskKind::Blocking, false)]
fn slow_for_its_site(#[case] change: fn(&mut SiteFacts), #[case] accused: bool) {
    assert_eq!(rules_after(SLOW, change) == ["W1"], accused);
}

#[rstest]
#[case::unchanged(|_: &mut SiteFacts| {}, &["W2"])]
#[case::not_settled(|site: &mut SiteFacts| site.clusters[0].zero_wakers_settled = 0, &[])]
#[case::of_no_waker_kind(|site: &mut SiteFacts| site.site.kind = TaskKind::BlockOn, &[])]
#[case::usually_returning(|site: &mut SiteFacts| site.returned = 15, &["P1"])]
fn parked_until_aborted(#[case] change: fn(&mut SiteFacts), #[case] rules: &[&str]) {
    assert_eq!(rules_after(ABORTED, change), rules);
}

/// The condition holds, but the facts do not show it for as long as a confirmation takes.
#[rstest]
#[case::survivors(SURVIVORS, |site: &mut SiteFacts| site.clusters[0].ages = all(36, seconds(36)))]
#[case::outlived(OUTLIVED, |site: &mut SiteFacts| outlived(site, seconds(19)))]
#[case::slow(SLOW, |site: &mut SiteFacts| {
    site.clusters[0].oldest_parked = Moment(3600 * 1_000_000_000 - 35_000_000_000);
})]
fn what_holds_only_just_is_a_candidate(#[case] name: &str, #[case] change: fn(&mut SiteFacts)) {
    let mut scenario = Scenario::named(name);
    change(&mut scenario.updates.last_mut().unwrap().sites[0]);
    let (_, report) = play(&scenario);
    assert_eq!((report.findings.len(), report.confirmed().count()), (1, 0), "{}", report.to_text());
}

/// What each health fact silences, and that without its last clause it silences nothing.
#[rstest]
#[case::no_entrance("healthy/accept_loop", |update: &mut Update| without_stacks(update, 0))]
#[case::no_entrance_to_growth("healthy/signal_waiter", |update: &mut Update| without_stacks(update, 0))]
#[case::never_woken_by_io("healthy/keep_alive_connections", |update: &mut Update| update.sites[0].clusters[0].woken_by_driver = 15)]
#[case::more_than_sockets("healthy/keep_alive_connections", |update: &mut Update| sockets(update, 19))]
#[case::ramp_up_without_sockets("healthy/connection_ramp_up", |update: &mut Update| {
    sockets(update, 100);
    // The idle timer would speak for them as well.
    update.sites[0].clusters[0].stacks.truncate(1);
})]
#[case::a_stopped_ticker("healthy/tickers", |update: &mut Update| {
    update.sites[0].clusters[0].polls = (2, 3);
    update.sites[0].clusters[0].oldest_parked = update.at.back(Duration::from_secs(25 * 3600));
    without_stacks(update, 0);
})]
#[case::a_timer_beyond_trust("healthy/retry_loops", |update: &mut Update| {
    update.at = Moment(30 * 3_600_000_000_000);
    let site = &mut update.sites[0];
    site.minutes.start = update.at.back(Duration::from_secs(20 * 60));
    site.clusters[0].oldest_parked = Moment(1);
})]
#[case::a_child_without_owner("healthy/supervisor", |update: &mut Update| update.sites[1].spawned_by[0].orphans = 1)]
#[case::one_handle_for_four_children("healthy/supervisor", |update: &mut Update| {
    update.stacks[0].wait = Some(Wait::JoinHandle);
})]
#[case::an_owner_that_does_not_wait("healthy/supervisor", |update: &mut Update| without_stacks(update, 0))]
fn without_its_health_fact_the_site_is_accused(
    #[case] name: &str,
    #[case] change: fn(&mut Update),
) {
    assert!(after(name, |_| {}).is_empty());
    assert!(!after(name, change).is_empty());
}

/// Each clause of the health facts that no rule waits for: the verdict on the site names another reason.
#[rstest]
#[case::there_were_more("healthy/resident_actors", "H1", |update: &mut Update| update.sites[0].max_live += 1)]
#[case::spawned_later("healthy/resident_actors", "H1", |update: &mut Update| update.sites[0].last_spawn = Moment(31_000_000_000))]
#[case::dipped("healthy/idle_pool", "H2", |update: &mut Update| update.sites[0].minutes.bins[15].min_live = 13)]
#[case::grew("healthy/idle_pool", "H2", |update: &mut Update| update.sites[0].live += 3)]
#[case::too_young("healthy/idle_pool", "H2", |update: &mut Update| {
    update.sites[0].first_spawn = Moment(35 * 60_000_000_000);
})]
#[case::in_a_quiet_process("healthy/idle_pool", "H2", |update: &mut Update| {
    update.sites[1].minutes.bins.iter_mut().for_each(|bin| bin.spawned = 1);
    update.sites[1].spawned = 40;
})]
#[case::ticked_too_seldom("healthy/tickers", "H3", |update: &mut Update| update.sites[0].clusters[0].polls = (3, 3))]
#[case::woken_by_others("healthy/tickers", "H3", |update: &mut Update| update.sites[0].clusters[0].woken_by_driver = 7)]
#[case::not_constant("healthy/tickers", "H3", |update: &mut Update| update.sites[0].minutes.bins[75].min_live = 4)]
#[case::waiting_for_something_else("healthy/tickers", "H3", |update: &mut Update| without_stacks(update, 0))]
#[case::two_tasks("healthy/responsive_actor", "H4", |update: &mut Update| update.sites[0].clusters[0].parked = 2)]
#[case::woken_by_io("healthy/responsive_actor", "H4", |update: &mut Update| update.sites[0].clusters[0].woken_by_task = 0)]
#[case::polled_too_seldom("healthy/responsive_actor", "H4", |update: &mut Update| update.sites[0].clusters[0].polls = (9, 9))]
#[case::silent_for_long("healthy/responsive_actor", "H4", |update: &mut Update| {
    update.sites[0].clusters[0].oldest_parked = update.at.back(seconds(600));
})]
#[case::some_spawned_by_nobody("healthy/supervisor", "H8", |update: &mut Update| update.sites[1].spawned_by[0].live = 3)]
fn without_a_clause_the_health_fact_does_not_speak(
    #[case] name: &str,
    #[case] fact: &str,
    #[case] change: fn(&mut Update),
) {
    assert!(reasons_after(name, |_| {}).contains(fact));
    assert!(!reasons_after(name, change).contains(fact));
}

/// Why the sites are fine, or are not.
fn reasons_after(name: &str, change: impl FnOnce(&mut Update)) -> String {
    let mut scenario = Scenario::named(name);
    change(scenario.updates.last_mut().unwrap());
    format!("{:?}", play(&scenario).1.sites)
}

fn without_stacks(update: &mut Update, site: usize) {
    update.sites[site].clusters.iter_mut().for_each(|cluster| cluster.stacks.clear());
}

fn sockets(update: &mut Update, open: u64) {
    update.gauges.as_mut().unwrap().open_sockets = Some(open);
}
