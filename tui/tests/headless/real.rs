//! The commands on a real agent, in the demo service.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{Ran, stranded};

/// How long the demo may take to show what it has.
const DEADLINE: Duration = Duration::from_secs(90);

/// The demo service as a process of its own. It is killed when dropped.
struct Demo {
    process: Child,
    target: String,
}

impl Demo {
    fn start(leaks: &str) -> Self {
        let mut process = Command::new(assert_cmd::cargo::cargo_bin("stranded"))
            .args(["demo", "--headless", "--bind", "127.0.0.1:0", "--leaks", leaks])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let target = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, target }
    }

    /// Runs a command on it until `enough` is content with what it prints.
    fn until(&self, command: &str, enough: impl Fn(&Ran) -> bool) -> Ran {
        let started = Instant::now();
        loop {
            let ran = stranded(&command.replace("TARGET", &self.target));
            if enough(&ran) {
                return ran;
            }
            assert!(started.elapsed() < DEADLINE, "{}", ran.all());
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_leaking_service_is_found_out() {
    let demo = Demo::start("lost-waker");
    let doctor = demo.until("doctor TARGET", |ran| ran.code == 0);
    assert!(doctor.stdout.contains("orders-api"), "{}", doctor.all());

    let check = demo.until("check TARGET --for 1s --time-scale 0.1 --json", |ran| ran.code == 1);
    let report: Value = serde_json::from_str(&check.stdout).unwrap();
    assert_eq!(report["verdict"], "proven", "{report:#}");
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "P1", "{report:#}");
    assert!(
        finding["site"]["file"].as_str().unwrap().ends_with("demo/leaks/quotes.rs"),
        "{report:#}"
    );
    assert!(finding["park"]["line"].as_u64().is_some(), "{report:#}");

    let list = demo.until("list TARGET tasks --filter wakers=0 --json", |ran| ran.code == 0);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    let task = &list["tasks"]["rows"][0]["task"];
    let show = demo.until(&format!("show TARGET {task}"), |ran| ran.code == 0);
    assert!(show.stdout.contains("wakers      0 now"), "{}", show.all());
    assert!(show.stdout.contains("\n> "), "the park line is marked: {}", show.all());
}

#[test]
fn a_healthy_service_is_not_accused() {
    let demo = Demo::start("none");
    // Until its sites have some history nothing can be said; a finding would be wrong at any time.
    demo.until("check TARGET --for 2s --time-scale 0.1", |ran| {
        assert!(ran.code == 0 || ran.code == 3, "{}", ran.all());
        ran.code == 0
    });
}
