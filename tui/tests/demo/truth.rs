//! The truth file, and the ways to start and end the service.

use std::net::TcpListener;
use std::process::Command;

use stranded_tui::demo::{LEAKS, SiteTruth, Truth};

use crate::process::{Demo, run};

/// Sites that run from the start of the service to its end, and how many tasks they have.
const RESIDENTS: [(&str, u64); 15] = [
    ("archive connection", 1),
    ("audit writer", 1),
    ("batch", 1),
    ("config watcher", 1),
    ("customer", 4),
    ("end of service", 1),
    ("http server", 1),
    ("idle customers", 1),
    ("main", 1),
    ("metrics", 1),
    ("order news", 1),
    ("pool worker", 4),
    ("reload", 1),
    ("stock auditor", 3),
    ("supervisor", 1),
];

fn site<'a>(truth: &'a Truth, name: &str) -> Option<&'a SiteTruth> {
    truth.sites.iter().find(|site| site.name == name)
}

fn residents_are_there(truth: &Truth) -> bool {
    RESIDENTS.iter().all(|(name, live)| site(truth, name).is_some_and(|site| site.live == *live))
}

#[test]
fn the_healthy_service_serves_and_leaves_nothing_behind() {
    let demo = Demo::start("none");
    let served = |truth: &Truth| {
        let look_ups = site(truth, "order look-up").map_or(0, |site| site.spawned);
        look_ups >= 20 && residents_are_there(truth)
    };
    let truth = demo.wait_for(served);
    assert_eq!(truth.pid, demo.pid());
    for site in &truth.sites {
        assert_eq!(site.leaked, 0, "{site:?}");
        assert!(site.live <= site.spawned, "{site:?}");
        assert!(site.file.starts_with("tui/src/demo/"), "{site:?}");
    }
}

#[test]
fn every_leak_grows_and_the_residents_stay() {
    let demo = Demo::start("all");
    let truth = demo.wait_for(|truth| {
        let leaking = truth.sites.iter().filter(|site| site.leaked >= 3);
        leaking.count() == LEAKS.len() && residents_are_there(truth)
    });
    for site in truth.sites.iter().filter(|site| site.leaked > 0) {
        assert!(site.leaking, "{site:?}");
        assert!(site.live >= site.leaked, "{site:?}");
        assert!(site.file.starts_with("tui/src/demo/leaks/"), "{site:?}");
        let wait = site.wait.as_ref().expect("a stuck task waits somewhere");
        assert!(wait.file.starts_with("tui/src/demo/leaks/"), "{site:?}");
        assert!(site.waiting_since_unix_ms.is_sorted(), "{site:?}");
        assert!(!site.waiting_since_unix_ms.is_empty(), "{site:?}");
    }
}

#[test]
fn each_leak_can_be_provoked_alone() {
    for leak in &LEAKS {
        let demo = Demo::start(leak.name);
        let truth = demo.wait_for(|truth| truth.sites.iter().any(|site| site.leaked >= 2));
        let leaking = truth.sites.iter().filter(|site| site.leaked > 0);
        assert_eq!(leaking.count(), 1, "{}: {truth:#?}", leak.name);
    }
}

#[test]
fn the_lines_in_the_truth_are_those_of_spawns_and_awaits() {
    let demo = Demo::start("all");
    let truth = demo
        .wait_for(|truth| truth.sites.iter().filter(|site| site.leaked > 0).count() == LEAKS.len());
    for site in &truth.sites {
        if site.kind != "block_on" {
            let spawn = line(&site.file, site.line);
            assert!(spawn.contains("spawn"), "{}:{}: {spawn}", site.file, site.line);
        }
        if let Some(wait) = &site.wait {
            let wait_line = line(&wait.file, wait.line);
            let awaits = wait_line.contains(".await") || wait_line.contains("cx.waker().clone()");
            assert!(awaits, "{}:{}: {wait_line}", wait.file, wait.line);
        }
    }
}

/// A line of this workspace's source.
fn line(file: &str, number: u32) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().nth(number as usize - 1).unwrap().to_owned()
}

#[test]
fn an_unknown_leak_is_refused_with_the_known_ones() {
    let output = run(&["--leaks", "lost-waker,lost-keys"]);
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("`lost-keys`"), "{complaint}");
    for leak in &LEAKS {
        assert!(complaint.contains(leak.name), "{complaint}");
    }
}

#[test]
fn a_taken_address_is_refused_with_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--bind", &address, "--leaks", "none"]);
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains(&address), "{complaint}");
    assert!(complaint.contains("--bind 127.0.0.1:0"), "{complaint}");
}

#[test]
fn sigterm_ends_it_cleanly_with_tasks_stuck() {
    let mut demo = Demo::start("all");
    demo.wait_for(|truth| truth.sites.iter().filter(|site| site.leaked > 0).count() >= 10);
    let sent = Command::new("kill").arg(demo.pid().to_string()).status().unwrap();
    assert!(sent.success());
    assert_eq!(demo.wait().code(), Some(0));
}

#[test]
fn it_ends_after_the_time_it_was_given() {
    let output = run(&["--bind", "127.0.0.1:0", "--leaks", "none", "--for", "300ms"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.starts_with("listening on "), "{stdout}");
}
