//! `doctor`: what is wrong with an agent that answers.

use stranded_analysis::facts::{Gauges, StackCapture};

use crate::facts::{self, looks};
use crate::fake::{Fake, Step, send};
use crate::run::{Ran, stranded};

fn doctor(
    scene: impl Fn(stranded_analysis::facts::Moment) -> stranded_analysis::facts::Update,
) -> Ran {
    let mut steps = send(looks(scene));
    steps.push(Step::Hold);
    let agent = Fake::start(vec![steps]);
    stranded(&format!("doctor {}", agent.target()))
}

/// The names of the steps that failed.
fn failed(ran: &Ran) -> Vec<String> {
    let lines = ran.stdout.lines().filter_map(|line| line.strip_prefix("FAIL  "));
    lines.map(|line| line[..12].trim().to_owned()).collect()
}

#[test]
fn all_is_well_with_a_whole_agent() {
    let ran = doctor(facts::leaking);
    assert_eq!(ran.code, 0, "leaks are no business of doctor: {}", ran.all());
    let steps: Vec<_> = ran.stdout.lines().map(|line| (&line[..4], line[6..18].trim())).collect();
    let expected = [
        "reach",
        "handshake",
        "version",
        "updates",
        "instrumented",
        "park stacks",
        "park lines",
        "coverage",
        "loss",
        "settings",
    ];
    assert_eq!(steps, expected.map(|name| ("ok  ", name)), "{}", ran.all());
    assert!(ran.stdout.contains("orders-api, pid 4711"), "{}", ran.all());
}

#[test]
fn each_fault_fails_its_own_step_and_has_a_hint() {
    let ran = doctor(facts::not_instrumented);
    assert_eq!(failed(&ran), ["instrumented", "coverage"], "{}", ran.all());
    assert!(ran.stdout.contains("hint: set rustflags"), "{}", ran.all());

    let ran = doctor(facts::low_coverage);
    assert_eq!(failed(&ran), ["coverage"], "{}", ran.all());
    assert!(ran.stdout.contains("10 of 1,204 live tasks"), "{}", ran.all());

    let ran = doctor(|now| {
        let mut update = facts::healthy(now);
        update.target.as_mut().unwrap().stacks = StackCapture::Off;
        update.target.as_mut().unwrap().faults = vec!["STRANDED_BIND=`x` is ignored".to_owned()];
        update.gauges = Some(Gauges { untracked: 12, ..update.gauges.unwrap() });
        update
    });
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(failed(&ran), ["park stacks", "loss", "settings"], "{}", ran.all());
    assert!(ran.stdout.contains("STRANDED_MEMORY_MB"), "{}", ran.all());

    let ran = doctor(|now| {
        let mut update = facts::leaking(now);
        for frame in &mut update.stacks[0].frames {
            (frame.file, frame.line) = (None, None);
        }
        update
    });
    assert_eq!(failed(&ran), ["park lines"], "{}", ran.all());
    assert!(ran.stdout.contains("line-tables-only"), "{}", ran.all());
}

#[test]
fn an_agent_that_falls_silent_is_noticed() {
    let mut steps = send(looks(facts::healthy)[..1].to_vec());
    steps.push(Step::Hold);
    let agent = Fake::start(vec![steps]);
    let ran = stranded(&format!("doctor {}", agent.target()));
    assert_eq!(failed(&ran), ["updates"], "{}", ran.all());
}
