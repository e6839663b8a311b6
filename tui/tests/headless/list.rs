//! `list` and `show`.

use serde_json::Value;
use stranded_analysis::facts::Window;

use crate::facts::{self, looks};
use crate::fake::{Fake, Step, send};
use crate::run::stranded;

fn agent() -> Fake {
    let mut steps = send(looks(facts::leaking));
    steps.push(Step::Hold);
    Fake::start(vec![steps])
}

fn json(stdout: &str) -> Value {
    serde_json::from_str(stdout).unwrap()
}

#[test]
fn sites_come_worst_first() {
    let agent = agent();
    let ran = stranded(&format!("list {}", agent.target()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("VERDICT") && lines[0].ends_with("WAITS ON"), "{}", ran.all());
    assert!(
        lines[1].starts_with("proven") && lines[1].contains("src/cache.rs:88"),
        "{}",
        ran.all()
    );
    assert!(lines[1].contains("oneshot recv"), "{}", ran.all());
    assert!(lines[2].contains("src/http/serve.rs:51"), "{}", ran.all());
    assert_eq!(lines[3], "2 sites.", "{}", ran.all());
}

#[test]
fn sites_are_sorted_filtered_and_limited() {
    let agent = agent();
    let first = |arguments: &str| {
        let ran = stranded(&format!("list {} {arguments}", agent.target()));
        assert_eq!(ran.code, 0, "{}", ran.all());
        ran.stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(first("--sort live")[0].contains("serve.rs"));
    assert!(first("--sort -live")[0].contains("cache.rs"));
    assert_eq!(first("--sort live --limit 1")[1], "1 of 2 sites shown; --limit shows more.");
    assert_eq!(first("--filter cache")[1], "1 of 2 sites match.");
    assert!(first("--filter nonsense").is_empty(), "no heading over nothing");
    stranded(&format!("list {} --sort lives", agent.target()))
        .assert_error("no column `lives`", "did you mean `live`?");
}

#[test]
fn the_filter_order_and_limit_of_tasks_go_to_the_target() {
    let agent = agent();
    let ran =
        stranded(&format!("list {} tasks --filter cache --sort polls --limit 7", agent.target()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let view = &agent.views()[0];
    assert_eq!((view.query.as_str(), view.limit), ("cache", 7));
    assert_eq!(view.sort.unwrap().column(), stranded_proto::v1::TaskColumn::Polls);
    assert!(view.sort.unwrap().descending);
    let row = ran.stdout.lines().nth(1).unwrap();
    for cell in ["41", "parked", "src/cache.rs:88", "oneshot recv"] {
        assert!(row.contains(cell), "{cell} is missing: {}", ran.all());
    }
}

#[test]
fn a_filter_that_makes_no_sense_is_refused_before_anything_is_asked() {
    let ran = stranded("list 127.0.0.1:1 tasks --filter parked>");
    ran.assert_error("The filter cannot be used", "parked>5m");
    assert!(ran.stderr.contains("\n  parked>\n  "), "{}", ran.all());
    assert!(ran.stderr.contains('^'), "{}", ran.all());
}

#[test]
fn tasks_cannot_be_filtered_by_what_only_a_judge_knows() {
    let ran = stranded("list 127.0.0.1:1 tasks --filter -verdict=proven");
    ran.assert_error("tasks cannot be filtered by `verdict`", "site:cache.rs");
    assert!(ran.stderr.contains("\n  -verdict=proven\n   ^^^^^^^\n"), "{}", ran.all());
}

#[test]
fn what_limits_a_verdict_stands_below_the_list() {
    let mut steps = send(looks(facts::not_instrumented));
    steps.push(Step::Hold);
    let agent = Fake::start(vec![steps]);
    let ran = stranded(&format!("list {} --time-scale 0.5", agent.target()));
    assert!(ran.stdout.starts_with("No sites.\n- Not instrumented: "), "{}", ran.all());
    assert!(ran.stdout.contains("\n- time scale 0.5: "), "{}", ran.all());
}

#[test]
fn a_filter_that_the_target_refuses_is_an_error() {
    let scene = |now| {
        let mut update = facts::leaking(now);
        let refused = Some("`grow` is not known".to_owned());
        update.window = Some(Window { query_error: refused, ..update.window.unwrap() });
        update
    };
    let mut steps = send(looks(scene));
    steps.push(Step::Hold);
    let agent = Fake::start(vec![steps]);
    stranded(&format!("list {} tasks --filter cache", agent.target()))
        .assert_error("refuses the filter: `grow` is not known", "stranded doctor");
}

#[test]
fn lists_are_json_too() {
    let agent = agent();
    let ran = stranded(&format!("list {} --json", agent.target()));
    let sites = json(&ran.stdout);
    assert_eq!(sites["schema"], "stranded.list.v1");
    assert_eq!(sites["target"]["name"], "orders-api");
    assert_eq!(sites["sites"]["matched"], 2);
    let worst = &sites["sites"]["rows"][0];
    assert_eq!(worst["rule"], "P1", "{sites:#}");
    assert_eq!(worst["site"]["line"], 88);
    assert_eq!(worst["waits"][0]["park"][0]["line"], 95);

    let ran = stranded(&format!("list {} tasks --json", agent.target()));
    let tasks = json(&ran.stdout);
    let task = &tasks["tasks"]["rows"][0];
    assert_eq!(task["task"], 41, "{tasks:#}");
    assert_eq!(task["wakers"], 0);
    assert_eq!(task["name"], Value::Null, "unknown is null: {tasks:#}");
    assert!(task["parked_s"].as_f64().unwrap() >= 499.0, "{tasks:#}");
}

#[test]
fn a_task_is_shown_with_its_wakers_its_stack_and_its_finding() {
    let agent = agent();
    let ran = stranded(&format!("show {} #41", agent.target()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(agent.views()[0].focus, [41]);
    for said in [
        "task 41  parked 8m19s",
        "src/cache.rs:88",
        "task 12 (ended), from src/http/serve.rs:51",
        "0 now, 3 cloned, 3 dropped; woken 0 times",
        "waits in oneshot recv",
        "> orders::cache::fetch  src/cache.rs:95",
        "P1 lost waker: proven, 3 of 3 at this site",
        "Fix: ",
    ] {
        assert!(ran.stdout.contains(said), "{said:?} is missing: {}", ran.all());
    }
}

#[test]
fn a_task_is_json_too() {
    let agent = agent();
    let ran = stranded(&format!("show {} 41 --json", agent.target()));
    let task = json(&ran.stdout);
    assert_eq!(task["schema"], "stranded.task.v1");
    assert_eq!(task["task"]["stacks"][0]["frames"][1]["line"], 95, "{task:#}");
    assert_eq!(task["task"]["finding"]["rule"], "P1", "{task:#}");
}

#[test]
fn a_task_that_is_gone_is_an_error_that_says_where_to_look() {
    let agent = agent();
    let ran = stranded(&format!("show {} 99", agent.target()));
    ran.assert_error("No task 99 is alive in orders-api", "tasks shows those that are");
}

#[test]
fn a_lock_is_listed_with_who_holds_it_and_who_waits() {
    let mut steps = send(looks(facts::locked));
    steps.push(Step::Hold);
    let agent = Fake::start(vec![steps]);
    let ran = stranded(&format!("list {} resources", agent.target()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("RESOURCE") && lines[0].ends_with("CREATED AT"), "{}", ran.all());
    let cells: Vec<_> = lines[1].split_whitespace().collect();
    assert_eq!(cells[..4], ["mutex", "locked", "#57", "1"], "{}", ran.all());
    assert_eq!(cells.last(), Some(&"src/ledger.rs:30"), "{}", ran.all());
    assert_eq!(lines[2], "1 resource.", "{}", ran.all());

    let ran = stranded(&format!("list {} resources --json", agent.target()));
    let row = &json(&ran.stdout)["resources"]["rows"][0];
    assert_eq!(row["place"]["line"], 30, "{row}");
    assert_eq!(row["waiters"], serde_json::json!([41]), "{row}");
    assert_eq!(row["last_takers"][1], serde_json::json!({ "task": 12, "alive": false }), "{row}");

    let ran = stranded(&format!("show {} 41", agent.target()));
    assert!(ran.stdout.contains("mutex of src/ledger.rs:30, held by #57"), "{}", ran.all());
    stranded(&format!("list {} resources --sort waiting", agent.target()))
        .assert_error("cannot be listed with --sort", "--limit");
}

#[test]
fn where_nothing_is_waited_for_the_list_of_resources_says_so() {
    let agent = agent();
    let ran = stranded(&format!("list {} resources", agent.target()));
    assert_eq!(
        (ran.code, ran.stdout.lines().next()),
        (0, Some("Nothing is waited for; 0 resources are tracked.")),
        "{}",
        ran.all()
    );
}
