//! `check`: exit codes, reports, and what makes a verdict impossible.

use serde_json::Value;
use stranded_proto::v1;

use crate::facts::{self, looks};
use crate::fake::{Fake, Step, describe, send};
use crate::run::{command, stranded};

/// Long enough to hear a scripted agent out: what it sends spans half a minute of its own clock.
const SHORT: &str = "--for 1s";

fn then(mut steps: Vec<Step>, last: Step) -> Vec<Step> {
    steps.push(last);
    steps
}

fn json(stdout: &str) -> Value {
    serde_json::from_str(stdout).unwrap()
}

#[test]
fn a_leaking_service_exits_with_1_and_says_where() {
    let agent = Fake::start(vec![then(send(looks(facts::leaking)), Step::Hold)]);
    let ran = stranded(&format!("check {} {SHORT}", agent.target()));
    assert_eq!(ran.code, 1, "{}", ran.all());
    for said in ["P1", "src/cache.rs:88", "src/cache.rs:95", "oneshot recv", "3"] {
        assert!(ran.stdout.contains(said), "{said} is missing: {}", ran.all());
    }
    assert!(ran.stderr.is_empty() && !ran.stdout.contains('\u{1b}'), "{}", ran.all());
}

#[test]
fn a_healthy_service_exits_with_0() {
    let agent = Fake::start(vec![then(send(looks(facts::healthy)), Step::Hold)]);
    let ran = stranded(&format!("check {} {SHORT} --json", agent.target()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let report = json(&ran.stdout);
    assert_eq!(report["verdict"], "clean", "{report:#}");
    assert_eq!(report["findings"], Value::Array(Vec::new()), "{report:#}");
}

#[test]
fn the_report_as_json_has_the_documented_keys() {
    let agent = Fake::start(vec![then(send(looks(facts::leaking)), Step::Hold)]);
    let ran = stranded(&format!("check {} {SHORT} --json", agent.target()));
    assert_eq!(ran.code, 1, "{}", ran.all());
    let report = json(&ran.stdout);
    let has = |value: &Value, keys: &[&str]| {
        for key in keys {
            assert!(value.get(key).is_some(), "{key} is missing: {value:#}");
        }
    };
    has(&report, &["schema", "target", "verdict", "reasons", "findings", "self"]);
    has(
        &report["target"],
        &["name", "pid", "boot", "source", "caps", "tracked", "alive", "uptime_s"],
    );
    has(&report["self"], &["retracted", "untracked"]);
    let finding = &report["findings"][0];
    has(
        finding,
        &[
            "rule",
            "title",
            "class",
            "site",
            "park",
            "live",
            "affected",
            "growth_per_min",
            "oldest_s",
            "examples",
            "evidence",
            "counter_evidence",
            "fix",
            "blocked_behind",
        ],
    );
    has(&finding["site"], &["file", "line", "column", "name", "kind"]);
    has(&finding["park"], &["kind", "file", "line", "function", "current"]);
    has(&finding["examples"][0], &["task", "parked_s", "wakers"]);
    assert_eq!(report["schema"], "stranded.report.v1");
    assert_eq!(report["target"]["pid"], 4711);
    assert_eq!(report["target"]["boot"], "0000000000007c1e");
    assert_eq!(report["verdict"], "proven");
    assert_eq!(finding["site"]["line"], 88);
    assert_eq!(finding["park"]["kind"], "oneshot.recv");
    assert_eq!(finding["park"]["line"], 95);
    assert_eq!(finding["affected"], 3);
    assert!(finding["oldest_s"].as_f64().unwrap() > 500.0, "{finding:#}");
}

#[test]
fn exit_zero_hides_findings_but_not_missing_data() {
    let agent = Fake::start(vec![then(send(looks(facts::leaking)), Step::Hold)]);
    let ran = stranded(&format!("check {} {SHORT} --exit-zero", agent.target()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let agent = Fake::start(vec![then(send(looks(facts::low_coverage)), Step::Hold)]);
    let ran = stranded(&format!("check {} {SHORT} --exit-zero", agent.target()));
    assert_eq!(ran.code, 3, "{}", ran.all());
}

#[test]
fn a_filter_looks_away_from_other_findings() {
    let script = || vec![then(send(looks(facts::leaking)), Step::Hold)];
    let agent = Fake::start(script());
    let ran = stranded(&format!("check {} {SHORT} --json --filter serve.rs", agent.target()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let agent = Fake::start(script());
    let ran = stranded(&format!("check {} {SHORT} --json --filter cache.rs", agent.target()));
    assert_eq!(ran.code, 1, "{}", ran.all());
}

/// Runs `check` against `streams`, which must leave it without a verdict, and returns the reasons.
#[track_caller]
fn inconclusive(streams: Vec<Vec<Step>>, arguments: &str) -> String {
    let agent = Fake::start(streams);
    let ran = stranded(&format!("check {} {arguments} --json", agent.target()));
    assert_eq!(ran.code, 3, "{}", ran.all());
    let report = json(&ran.stdout);
    assert_eq!(report["verdict"], "inconclusive", "{report:#}");
    report["reasons"].to_string()
}

#[test]
fn without_instrumentation_nothing_is_clean() {
    let reasons = inconclusive(vec![then(send(looks(facts::not_instrumented)), Step::Hold)], SHORT);
    assert!(reasons.contains("tokio_unstable"), "{reasons}");
}

#[test]
fn with_low_coverage_nothing_is_clean() {
    let reasons = inconclusive(vec![then(send(looks(facts::low_coverage)), Step::Hold)], SHORT);
    assert!(reasons.contains("10 of 1,204"), "{reasons}");
}

#[test]
fn a_target_that_dies_midway_is_not_clean() {
    let reasons = inconclusive(vec![then(send(looks(facts::healthy)), Step::Die)], SHORT);
    assert!(reasons.contains("connection was lost"), "{reasons}");
}

#[test]
fn a_target_that_dies_midway_may_still_be_guilty() {
    let agent = Fake::start(vec![then(send(looks(facts::leaking)), Step::Die)]);
    let ran = stranded(&format!("check {} {SHORT} --json", agent.target()));
    assert_eq!(ran.code, 1, "1 beats 3: {}", ran.all());
    assert!(ran.stdout.contains("connection was lost"), "{}", ran.all());
}

#[test]
fn a_restarted_target_is_not_clean() {
    let old = send(looks(facts::healthy));
    let new = send(looks(|now| facts::restarted(facts::healthy(now))));
    // Within one stream, as after a merge, and across two.
    let both = old.iter().chain(&new).cloned().collect();
    let reasons = inconclusive(vec![then(both, Step::Hold)], "--for 30s");
    assert!(reasons.contains("restarted") && reasons.contains("9a02"), "{reasons}");
}

#[test]
fn a_target_that_comes_back_as_another_process_is_not_clean() {
    let agent = Fake::start(vec![
        then(send(looks(facts::healthy)), Step::Break),
        then(send(looks(|now| facts::restarted(facts::healthy(now)))), Step::Hold),
    ]);
    let ran = stranded(&format!("check {} --for 30s --json", agent.target()));
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stdout.contains("connection was lost"), "{}", ran.all());
    assert!(ran.stdout.contains("restarted"), "{}", ran.all());
}

#[test]
fn too_short_a_look_is_not_clean() {
    let reasons =
        inconclusive(vec![then(send(looks(facts::healthy)[..1].to_vec()), Step::Hold)], SHORT);
    assert!(reasons.contains("a finding must hold for 10s"), "{reasons}");
}

#[test]
fn lost_updates_are_not_clean() {
    let mut updates = looks(facts::healthy);
    updates.remove(2);
    let reasons = inconclusive(vec![then(send(updates), Step::Hold)], SHORT);
    assert!(reasons.contains("lost"), "{reasons}");
}

#[test]
fn hostile_values_at_first_are_an_error() {
    for spoil in SPOILERS {
        let mut update = v1::Update::from(&facts::leaking(facts::at(600)));
        spoil(&mut update);
        let reply = describe(&facts::healthy(facts::at(600)));
        let agent = Fake::with_reply(reply, vec![vec![Step::Send(Box::new(update)), Step::Hold]]);
        let ran = stranded(&format!("check {} {SHORT}", agent.target()));
        ran.assert_error("sent what no agent of this version sends", "stranded doctor");
    }
}

#[test]
fn hostile_values_midway_are_not_clean() {
    for spoil in SPOILERS {
        let mut steps = send(looks(facts::healthy));
        let mut update = v1::Update::from(&facts::leaking(facts::at(635)));
        update.seq = 7;
        spoil(&mut update);
        steps.push(Step::Send(Box::new(update)));
        let reasons = inconclusive(vec![then(steps, Step::Hold)], SHORT);
        assert!(reasons.contains("sent what no agent"), "{reasons}");
    }
}

/// Below a mebibyte on the wire, it would take more than a hundred of memory.
#[test]
fn a_message_of_empty_parts_is_refused_unread() {
    let mut update = v1::Update::from(&facts::leaking(facts::at(600)));
    update.sites.resize(100_000, v1::Site::default());
    let reply = describe(&facts::healthy(facts::at(600)));
    let agent = Fake::with_reply(reply, vec![vec![Step::Send(Box::new(update)), Step::Hold]]);
    let ran = stranded(&format!("check {} --for 30s", agent.target()));
    ran.assert_error("sent what no agent of this version sends", "stranded doctor");
}

/// Ways in which a message can be well-formed and senseless.
const SPOILERS: [fn(&mut v1::Update); 4] = [
    |update| update.sites[0].site = None,
    |update| update.sites[0].lifetimes.as_mut().unwrap().buckets.push(9_999),
    |update| update.sites[1].spawned = u64::MAX,
    |update| update.stacks[0].park = Some(77),
];

#[test]
fn hostile_text_cannot_control_the_terminal() {
    let scene = |now| {
        let mut update = facts::leaking(now);
        update.target.as_mut().unwrap().name = "orders\u{1b}]0;owned\u{7}\u{1b}[2J".to_owned();
        update.sites[1].site.name = "\u{1b}[31mred".to_owned();
        update.stacks[0].frames[1].function = "fetch\r\u{1b}[1A".to_owned();
        update
    };
    let agent = Fake::start(vec![then(send(looks(scene)), Step::Hold)]);
    for command in [format!("check {} {SHORT}", agent.target()), format!("list {}", agent.target())]
    {
        let ran = stranded(&command);
        assert!(ran.stdout.contains("src/cache.rs"), "{}", ran.all());
        let control = ran.stdout.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{}", ran.all());
    }
}

#[test]
fn a_scaled_policy_says_so() {
    let agent = Fake::start(vec![then(send(looks(facts::healthy)), Step::Hold)]);
    let ran = stranded(&format!("check {} {SHORT} --time-scale 0.5", agent.target()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("time scale 0.5"), "{}", ran.all());
}

#[test]
fn the_environment_names_the_target() {
    let agent = Fake::start(vec![then(send(looks(facts::leaking)), Step::Hold)]);
    let output = command(&format!("check {SHORT}")).env("STRANDED_TARGET", agent.target()).output();
    assert_eq!(output.unwrap().status.code(), Some(1));
    let output = command("check").env("STRANDED_TARGET", "https://orders").output().unwrap();
    crate::run::Ran::of(&output).assert_error("(from STRANDED_TARGET)", "kubectl port-forward");
}
