//! Verdicts over time: confirmed, retracted, resolved, lapsed.

use std::time::Duration;

use stranded_analysis::docket::CaseChange;
use stranded_analysis::facts::{BootId, Moment, SiteFacts, Update};
use stranded_analysis::histogram::bucket_of;
use stranded_analysis::report::{Class, Outcome, Stage, Verdict};
use stranded_analysis::{Model, Policy, Report, judge};

use crate::load::Scenario;

/// A target that is looked at again and again, each time a little later and with a change.
struct Watch {
    model: Model,
    latest: Update,
    policy: Policy,
}

impl Watch {
    fn attach(name: &str) -> Self {
        Self::attach_changed(name, |_| {})
    }

    fn attach_changed(name: &str, change: impl FnOnce(&mut Update)) -> Self {
        let mut latest = Scenario::named(name).updates.remove(0);
        change(&mut latest);
        let mut watch = Self { model: Model::default(), latest, policy: Policy::default() };
        watch.look();
        watch
    }

    fn look(&mut self) {
        self.model.apply(self.latest.clone());
        self.model.review(self.model.at(), &self.policy);
    }

    /// The same target `seconds` later.
    fn later(&mut self, seconds: u64, change: impl FnOnce(&mut SiteFacts)) -> Report {
        self.latest.seq += 1;
        self.latest.at = self.latest.at.forward(Duration::from_secs(seconds));
        self.latest.target = None;
        if let Some(gauges) = &mut self.latest.gauges {
            gauges.last_poll = Some(self.latest.at);
        }
        change(&mut self.latest.sites[0]);
        self.look();
        self.report()
    }

    fn report(&self) -> Report {
        judge(&self.model, self.model.at(), &self.policy)
    }

    fn changes(&self) -> Vec<CaseChange> {
        self.model.docket().events().map(|event| event.what).collect()
    }
}

fn stages(report: &Report) -> Vec<(&'static str, bool)> {
    report
        .findings
        .iter()
        .map(|finding| (finding.rule.0, finding.stage == Stage::Confirmed))
        .collect()
}

#[test]
fn a_leak_older_than_the_attach_is_confirmed_in_the_first_report() {
    for name in
        ["survivors", "growth_by_the_minute", "growth_by_the_second", "lost_waker", "outlived"]
    {
        let update = Scenario::named(&format!("leaks/{name}")).updates.remove(0);
        let mut model = Model::default();
        model.apply(update);
        // Not even reviewed: a single look is enough.
        let report = judge(&model, model.at(), &Policy::default());
        assert_eq!(report.outcome(Class::Likely), Outcome::Findings, "{name}");
    }
}

#[test]
fn a_fresh_condition_is_confirmed_by_a_second_look_ten_seconds_later() {
    let mut watch = Watch::attach("leaks/growth_seen_later");
    assert_eq!(stages(&watch.report()), [("L2", false)]);
    assert_eq!(stages(&watch.later(9, |_| {})), [("L2", false)]);
    assert_eq!(watch.report().outcome(Class::Likely), Outcome::Inconclusive);
    assert_eq!(stages(&watch.later(1, |_| {})), [("L2", true)]);
    assert_eq!(watch.changes(), [CaseChange::Confirmed]);
}

#[test]
fn a_candidate_says_how_long_it_still_takes() {
    let mut watch = Watch::attach("leaks/growth_seen_later");
    let report = watch.later(4, |_| {});
    assert_eq!(report.findings[0].stage, Stage::Candidate { confirms_in: Duration::from_secs(6) });
}

#[test]
fn a_candidate_that_fails_is_forgotten_and_not_a_retraction() {
    let mut watch = Watch::attach("leaks/growth_seen_later");
    let report = watch.later(3, |site| site.recent.bins.clear());
    assert!(report.findings.is_empty());
    assert_eq!((report.retracted, watch.changes().len()), (0, 0));
    // It starts anew when it comes back.
    let bins = Scenario::named("leaks/growth_seen_later").updates[0].sites[0].recent.clone();
    let report = watch.later(4, |site| site.recent = bins);
    assert_eq!(report.findings[0].stage, Stage::Candidate { confirms_in: Duration::from_secs(10) });
}

#[test]
fn a_proven_task_that_is_polled_again_is_a_counted_retraction() {
    let mut watch = Watch::attach("leaks/lost_waker");
    assert_eq!(watch.report().verdict, Verdict::Found(Class::Proven));
    let report = watch.later(1, |site| {
        site.revived = 1;
        site.clusters[0].zero_wakers = 0;
        site.clusters[0].zero_wakers_settled = 0;
    });
    assert!(report.findings.is_empty());
    assert_eq!(report.retracted, 1);
    // From now on the rule proves nothing at this site.
    let report = watch.later(1, |site| {
        site.clusters[0].zero_wakers = 1;
        site.clusters[0].zero_wakers_settled = 1;
    });
    assert_eq!(report.verdict, Verdict::Found(Class::Likely));
}

#[test]
fn one_of_several_proven_tasks_that_is_polled_again_is_a_retraction_too() {
    let mut watch = Watch::attach("leaks/lost_waker");
    let report = watch.later(1, |site| {
        site.revived = 1;
        site.clusters[0].zero_wakers = 1;
        site.clusters[0].zero_wakers_settled = 1;
    });
    assert_eq!((report.retracted, report.verdict), (1, Verdict::Found(Class::Likely)));
    assert_eq!(watch.later(1, |_| {}).retracted, 1);
}

#[test]
fn proven_tasks_that_were_aborted_are_resolved() {
    let mut watch = Watch::attach("leaks/lost_waker");
    let report = watch.later(1, |site| {
        site.cancelled = 2;
        site.live = 1;
        site.clusters[0].parked = 1;
        site.clusters[0].zero_wakers = 0;
        site.clusters[0].zero_wakers_settled = 0;
    });
    assert_eq!((report.findings.len(), report.retracted), (0, 0));
    assert_eq!(watch.changes(), [CaseChange::Confirmed, CaseChange::Resolved]);
}

#[test]
fn a_likely_finding_needs_two_failures_and_then_loses_a_class() {
    let mut watch = Watch::attach("leaks/growth_by_the_minute");
    let bins = watch.latest.sites[0].minutes.clone();
    let flat =
        |site: &mut SiteFacts| site.minutes.bins.iter_mut().for_each(|bin| bin.min_live = 20);
    let report = watch.later(1, flat);
    assert_eq!((report.findings.len(), report.retracted), (0, 0));
    // One failure is forgiven.
    assert_eq!(stages(&watch.later(1, |site| site.minutes = bins.clone())), [("L2", true)]);
    watch.later(1, flat);
    assert_eq!(watch.later(9, flat).retracted, 0, "the looks lie too close together");
    let report = watch.later(1, flat);
    assert_eq!(report.retracted, 1);
    let report = watch.later(1, |site| site.minutes = bins);
    assert_eq!(report.findings[0].class, Class::Watch);
    assert!(report.findings[0].counter_evidence.iter().any(|text| text.contains("was retracted")));
}

#[test]
fn a_growing_site_whose_tasks_return_after_all_was_accused_wrongly() {
    let mut watch = Watch::attach("leaks/growth_by_the_second");
    let returned = |site: &mut SiteFacts| {
        site.returned = 40;
        site.live = 5;
    };
    watch.later(30, returned);
    assert_eq!(watch.later(10, |_| {}).retracted, 1);
}

#[test]
fn a_growing_site_that_is_aborted_is_resolved() {
    let mut watch = Watch::attach("leaks/growth_by_the_minute");
    let aborted = |site: &mut SiteFacts| {
        site.cancelled = 20;
        site.live = 0;
        site.clusters.clear();
    };
    watch.later(1, aborted);
    let report = watch.later(10, |_| {});
    assert_eq!(report.retracted, 0);
    assert_eq!(watch.changes(), [CaseChange::Confirmed, CaseChange::Resolved]);
}

#[test]
fn survivors_that_age_out_of_the_window_are_no_retraction() {
    let mut watch = Watch::attach("leaks/survivors");
    let aged = |site: &mut SiteFacts| {
        let old = bucket_of(Duration::from_secs(5 * 3600).as_nanos() as u64);
        site.clusters[0].ages =
            stranded_analysis::histogram::LogHistogram::from_buckets([(old, 36)]);
    };
    watch.later(3 * 3600, aged);
    let report = watch.later(10, |_| {});
    assert_eq!(report.retracted, 0);
    assert_eq!(watch.changes().last(), Some(&CaseChange::Lapsed));
    assert_eq!(stages(&report), [("W1", true)]);
}

#[test]
fn survivors_that_return_were_accused_wrongly() {
    let mut watch = Watch::attach("leaks/survivors");
    let returned = |site: &mut SiteFacts| {
        site.returned += 36;
        site.live = 0;
        site.lifetimes.add(bucket_of(Duration::from_secs(1500).as_nanos() as u64), 36);
        site.clusters.clear();
    };
    watch.later(60, returned);
    assert_eq!(watch.later(10, |_| {}).retracted, 1);
}

#[test]
fn survivors_whose_norm_moves_were_not_shown_wrong() {
    let mut watch = Watch::attach("leaks/survivors");
    let lifetimes = watch.latest.sites[0].lifetimes.clone();
    let before = watch.report().findings[0].class;
    // Under load many tasks take longer, so that ten times their p99 is more than anybody has waited yet; but none of
    // those that returned had lived as long as the accused.
    watch.later(1, |site| {
        site.returned += 400;
        site.lifetimes.add(bucket_of(Duration::from_secs(20).as_nanos() as u64), 400);
        site.clusters[0].ages = stranded_analysis::histogram::LogHistogram::from_buckets([(
            bucket_of(Duration::from_secs(100).as_nanos() as u64),
            36,
        )]);
    });
    let report = watch.later(10, |_| {});
    assert!(report.findings.iter().all(|finding| finding.rule.0 != "L1"), "{:?}", stages(&report));
    assert_eq!(report.retracted, 0);
    assert_eq!(watch.changes().last(), Some(&CaseChange::Lapsed));
    let report = watch.later(600, |site| {
        site.lifetimes = lifetimes.clone();
        site.clusters[0].ages = stranded_analysis::histogram::LogHistogram::from_buckets([(
            bucket_of(Duration::from_secs(700).as_nanos() as u64),
            36,
        )]);
    });
    assert_eq!((report.findings[0].rule.0, report.findings[0].class), ("L1", before));
}

#[test]
fn symbols_that_arrive_move_a_case_and_do_not_start_it_anew() {
    let pending = |update: &mut Update| update.stacks[0].wait = None;
    let mut watch = Watch::attach_changed("leaks/growth_seen_later", pending);
    assert_eq!(stages(&watch.later(5, |_| {})), [("L2", false)]);
    assert!(watch.report().findings[0].park.is_none());
    watch.latest.stacks = Scenario::named("leaks/growth_seen_later").updates.remove(0).stacks;
    let report = watch.later(4, |_| {});
    assert!(report.findings[0].park.is_some());
    assert_eq!(report.findings[0].stage, Stage::Candidate { confirms_in: Duration::from_secs(1) });
    assert_eq!(stages(&watch.later(1, |_| {})), [("L2", true)]);
    assert_eq!(watch.report().retracted, 0);
}

#[test]
fn symbols_that_never_come_are_waited_for_a_minute() {
    let mut watch = Watch::attach("withheld/symbols_pending");
    assert_eq!(stages(&watch.later(59, |_| {})), [("L2", false)]);
    assert_eq!(stages(&watch.later(1, |_| {})), [("L2", true)]);
    // If they do come, the accusation has a place, and was not wrong.
    let resolved = Scenario::named("leaks/growth_by_the_minute").updates.remove(0).stacks;
    watch.latest.stacks = resolved;
    watch.later(1, |_| {});
    let report = watch.later(1, |_| {});
    assert_eq!((stages(&report), report.retracted), (vec![("L2", true)], 0));
    assert!(report.findings[0].park.is_some());
}

#[test]
fn children_are_not_accused_before_it_is_known_whether_somebody_waits_for_them() {
    let pending =
        |update: &mut Update| update.stacks.iter_mut().for_each(|stack| stack.wait = None);
    let watch = Watch::attach_changed("healthy/supervisor", pending);
    assert_eq!(stages(&watch.report()), [("L3", false)]);
}

#[test]
fn a_candidate_accusation_is_shown_before_a_confirmed_oddity() {
    let pending =
        |update: &mut Update| update.stacks.iter_mut().for_each(|stack| stack.wait = None);
    let mut watch = Watch::attach_changed("leaks/survivors", pending);
    assert_eq!(stages(&watch.report()), [("L1", false)]);
    assert_eq!(watch.later(1, |_| {}).verdict, Verdict::Inconclusive);
}

#[test]
fn while_nothing_can_be_judged_no_case_changes() {
    let mut watch = Watch::attach("leaks/growth_by_the_minute");
    let stuck = watch.latest.at;
    watch.latest.seq += 1;
    watch.latest.at = stuck.forward(Duration::from_secs(60));
    watch.latest.sites[0].scheduled = 2;
    watch.latest.sites[0].minutes.bins.clear();
    for _ in 0..3 {
        watch.latest.seq += 1;
        watch.look();
    }
    let report = watch.report();
    assert_eq!((report.verdict, report.retracted), (Verdict::Inconclusive, 0));
    assert_eq!(watch.changes(), [CaseChange::Confirmed]);
}

#[test]
fn a_restarted_target_starts_with_an_empty_docket() {
    let mut watch = Watch::attach("leaks/growth_seen_later");
    watch.later(9, |_| {});
    watch.latest = Scenario::named("leaks/growth_seen_later").updates.remove(0);
    watch.latest.boot = BootId(8);
    watch.latest.at = watch.latest.at.forward(Duration::from_secs(20));
    watch.latest.sites[0].recent.start =
        watch.latest.sites[0].recent.start.forward(Duration::from_secs(20));
    watch.look();
    assert_eq!(stages(&watch.report()), [("L2", false)]);
    assert_eq!(watch.model.boot(), Some(BootId(8)));
}

#[test]
fn after_a_gap_nothing_is_clean_but_findings_stand() {
    let mut clean = Watch::attach("healthy/idle_pool");
    assert_eq!(clean.report().verdict, Verdict::Clean);
    clean.latest.seq += 2;
    let report = clean.later(1, |_| {});
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reasons[0].contains("2 updates from the target were lost"));

    let mut leaking = Watch::attach("leaks/growth_by_the_minute");
    leaking.latest.seq += 1;
    let report = leaking.later(1, |_| {});
    assert_eq!(report.verdict, Verdict::Found(Class::Likely));
    assert!(!report.complete);
    assert_eq!(report.outcome(Class::Proven), Outcome::Inconclusive);
}

#[test]
fn judging_does_not_depend_on_a_later_clock() {
    let watch = Watch::attach("leaks/survivors");
    let now = watch.report();
    let later =
        judge(&watch.model, watch.model.at().forward(Duration::from_secs(3600)), &watch.policy);
    assert_eq!(now.findings, later.findings);
    assert_ne!(now.at, Moment(0));
}

#[test]
fn a_scaled_policy_judges_a_service_that_lives_fast() {
    let mut watch = Watch::attach("leaks/growth_seen_later");
    watch.policy = Policy::default().scaled(0.1);
    assert_eq!(stages(&watch.later(1, |_| {})), [("L2", true)]);
}

fn polled(update: &mut Update, task: u64) {
    update.waiting.iter_mut().find(|waiting| waiting.id.0 == task).unwrap().polls += 1;
}

#[test]
fn a_task_of_a_lock_cycle_that_is_polled_again_is_a_counted_retraction() {
    let mut watch = Watch::attach("leaks/lock_cycle");
    assert_eq!(watch.report().verdict, Verdict::Found(Class::Proven));
    polled(&mut watch.latest, 57);
    let report = watch.later(1, |_| {});
    assert_eq!(report.retracted, 1);
    let retracted = report.findings.iter().find(|finding| finding.site.line == 9).unwrap();
    assert_eq!((retracted.rule.0, retracted.class), ("P2", Class::Likely));
    assert_eq!(watch.later(1, |_| {}).retracted, 1, "once");
}

#[test]
fn a_lock_cycle_that_dissolves_by_itself_was_accused_wrongly() {
    let mut watch = Watch::attach("leaks/lock_cycle");
    polled(&mut watch.latest, 41);
    watch.latest.waiting.iter_mut().for_each(|task| task.settled_since = None);
    let report = watch.later(1, |_| {});
    assert!(report.findings.iter().all(|finding| finding.blocked_behind.is_none()));
    assert_eq!(report.retracted, 1);
}

#[test]
fn tasks_that_go_on_after_one_of_a_cycle_is_aborted_were_accused_rightly() {
    let mut watch = Watch::attach("leaks/lock_cycle");
    let update = &mut watch.latest;
    update.waiting.retain(|task| task.id.0 != 57);
    update.waiting_gone = vec![stranded_analysis::facts::TaskId(57)];
    polled(update, 41);
    polled(update, 61);
    update.waiting.iter_mut().for_each(|task| task.settled_since = None);
    (update.sites[1].cancelled, update.sites[1].live) = (1, 0);
    let report = watch.later(1, |_| {});
    assert_eq!(report.retracted, 0);
    assert_eq!(watch.changes()[6..], [CaseChange::Resolved; 3]);
}

#[test]
fn a_cycle_that_cannot_be_seen_any_more_is_neither_right_nor_wrong() {
    let mut watch = Watch::attach("leaks/lock_cycle");
    watch.latest.waiting.iter_mut().for_each(|task| task.wakers = None);
    let report = watch.later(1, |_| {});
    assert_eq!(report.retracted, 0);
    assert_eq!(watch.changes()[6..], [CaseChange::Lapsed; 3]);
}

#[test]
fn after_a_gap_no_proof_rests_on_who_waits_for_whom() {
    let mut watch = Watch::attach("leaks/lock_cycle");
    watch.latest.seq += 1;
    let report = watch.later(1, |_| {});
    assert!(report.findings.iter().all(|finding| finding.class != Class::Proven));
    assert!(report.inactive.iter().any(|rule| rule.starts_with("P2: updates were lost")));
    assert_eq!(watch.changes().len(), 6, "nothing was retracted, resolved or lapsed");
}
