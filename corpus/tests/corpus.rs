//! A short subset of the corpus, and the controls without which its numbers would mean nothing.

use std::time::{Duration, Instant};

use stranded_corpus::accuracy::{Score, Settings, observe, score};
use stranded_corpus::harness::process::{Flavor, Instrumentation};
use stranded_corpus::programs;

/// How long a program may take until everything about it is right, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(4);

/// Thresholds of a tenth, many leaks a second, and just long enough for the slowest rule.
fn settings(watch: u64) -> Settings {
    Settings {
        time_scale: 0.1,
        watch: Duration::from_secs(watch),
        rate: 4.0,
        instances: 200,
        flavor: Flavor::Multi(2),
        noise: 20,
        instrumentation: Instrumentation::On,
        mutate: false,
    }
}

/// Runs a program, for longer each time, until it is judged rightly.
fn right(name: &str, settings: Settings) -> Score {
    let program = programs::by_name(name).expect("the corpus has it");
    let (started, mut settings) = (Instant::now(), settings);
    loop {
        let score = score(&observe(program, &settings).expect("it runs"));
        if score.is_right() {
            return score;
        }
        assert!(started.elapsed() < PATIENCE, "{}", score.line());
        settings.watch *= 2;
    }
}

#[test]
fn leaks_are_found_and_put_down_to_their_site() {
    std::thread::scope(|scope| {
        for name in ["export_api", "job_signal", "live_feed", "search_replicas"] {
            scope.spawn(move || right(name, settings(16)));
        }
    });
}

#[test]
fn without_instrumentation_every_verdict_is_inconclusive() {
    let off = Settings { instrumentation: Instrumentation::Off, ..settings(4) };
    for name in ["job_signal", "rpc_client"] {
        right(name, off);
    }
}

#[test]
fn without_its_rule_a_leak_is_missed() {
    let score = right("job_signal", Settings { mutate: true, ..settings(16) });
    let worse = score.without("P1").expect("it was found by that rule");
    assert_eq!(worse.len(), 1, "{worse:?}");
    assert!(worse[0].starts_with("corpus/src/programs/job_signal.rs:"), "{worse:?}");
}
