//! The report as people and programs read it, word for word.

use rstest::rstest;
use stranded_analysis::facts::{BootId, Gauges, Moment, Update};
use stranded_analysis::{Model, Policy, judge};

use crate::load::Scenario;
use crate::scenarios::play;

#[rstest]
#[case("leaks/survivors")]
#[case("leaks/lost_waker_among_survivors")]
#[case("leaks/growth_by_the_minute")]
#[case("leaks/outlived")]
#[case("leaks/lock_cycle")]
#[case("leaks/slow_for_its_site")]
#[case("leaks/cancelled_not_gone")]
#[case("leaks/waker_gone")]
#[case("leaks/stalled_sender")]
#[case("leaks/no_deadline")]
#[case("leaks/spawned_on_drop")]
#[case("leaks/barrier_that_falls_short")]
#[case("leaks/leaked_tickers")]
#[case("leaks/poll_that_does_not_return")]
#[case("leaks/stuck_blocking_work")]
#[case("healthy/idle_pool")]
#[case("withheld/not_instrumented")]
#[case("withheld/symbols_pending")]
fn text(#[case] name: &str) {
    let (_, report) = play(&Scenario::named(name));
    let text = report.to_text();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert_eq!(line, line.trim_end());
    }
    insta::assert_snapshot!(name.replace('/', "_"), text);
}

#[rstest]
#[case("leaks/survivors")]
#[case("withheld/not_instrumented")]
fn json(#[case] name: &str) {
    let (_, report) = play(&Scenario::named(name));
    insta::assert_snapshot!(format!("{}_json", name.replace('/', "_")), report.to_json());
}

#[test]
fn what_is_unknown_is_null() {
    let model = Model::default();
    let report = judge(&model, Moment(0), &Policy::default());
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["schema"], "stranded.report.v1");
    assert_eq!(json["verdict"], "inconclusive");
    assert!(json["target"].is_null() && json["self"]["untracked"].is_null());
}

#[test]
fn the_keys_are_those_of_the_schema() {
    let (_, report) = play(&Scenario::named("leaks/survivors"));
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    let keys = |value: &serde_json::Value| {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys.join(" ")
    };
    assert_eq!(keys(&json), "allowances findings reasons schema self target verdict");
    assert_eq!(keys(&json["target"]), "alive boot caps name pid source tracked uptime_s");
    let finding = &json["findings"][0];
    assert_eq!(
        keys(finding),
        "acknowledged affected blocked_behind class counter_evidence evidence examples fix growth_per_min live \
         oldest_s park rule site stage title"
    );
    assert_eq!(keys(&finding["site"]), "column file kind line name");
    assert_eq!(keys(&finding["park"]), "current file function kind line");
    assert_eq!(keys(&finding["examples"][0]), "parked_s task wakers");
    assert_eq!(keys(&json["self"]), "retracted untracked");
}

#[test]
fn text_of_the_target_cannot_reach_the_terminal_as_control_characters() {
    let hostile = "\u{1b}[2J\u{202e}evil\u{7}";
    let mut scenario = Scenario::named("leaks/outlived");
    let update = scenario.updates.last_mut().unwrap();
    let site = &mut update.sites[0];
    site.site.name = hostile.into();
    site.site.file = format!("src/{hostile}.rs");
    site.clusters[0].outlived.as_mut().unwrap().scope = hostile.into();
    for stack in &mut update.stacks {
        stack.frames[0].function = format!("app::{hostile}");
        stack.frames[0].file = Some(hostile.into());
    }
    let target = update.target.as_mut().unwrap();
    target.name = hostile.into();
    target.host = Some(hostile.into());
    let (_, report) = play(&scenario);
    assert_eq!(report.findings.len(), 1);
    for text in [report.to_text(), report.to_json()] {
        assert!(text.contains("evil"));
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text}");
    }
}

#[test]
fn a_report_on_nothing_but_gauges_can_be_printed() {
    let mut update = Update::empty(BootId(1), 1, Moment(0));
    update.gauges = Some(Gauges::default());
    let mut model = Model::default();
    model.apply(update);
    let report = judge(&model, Moment(0), &Policy::default());
    assert!(report.to_text().contains("Inconclusive"));
}
