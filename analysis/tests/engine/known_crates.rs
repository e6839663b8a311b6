//! What the shipped list of known crates silences, entry by entry, and what it does not.

use stranded_analysis::pooling::{self, KnownCrate};

use crate::load::Scenario;
use crate::scenarios::play;

/// A spawn site that `known` speaks of, in `version`.
fn site(known: &KnownCrate, version: &str) -> String {
    format!(
        "/registry/src/index.crates.io-1949cf8c6b5b557f/{}-{version}/{}x.rs",
        known.name, known.paths[0]
    )
}

/// The rules that accuse the first site of the scenario `name` if its tasks are spawned at `file`.
fn accused_by(name: &str, file: &str) -> Vec<&'static str> {
    let mut scenario = Scenario::named(name);
    for update in &mut scenario.updates {
        file.clone_into(&mut update.sites[0].site.file);
    }
    let (_, report) = play(&scenario);
    report.findings.iter().map(|finding| finding.rule.0).collect()
}

/// The first version that `known` speaks of.
fn first_version(known: &KnownCrate) -> String {
    let bound = &known.versions.comparators[0];
    format!("{}.{}.0", bound.major, bound.minor.unwrap_or(0))
}

#[test]
fn tasks_of_a_known_crate_may_outlive_the_request_that_made_them() {
    for known in pooling::all() {
        let accused = accused_by("leaks/outlived", &site(known, &first_version(known)));
        assert_eq!(accused, Vec::<&str>::new(), "{}", known.name);
        let accused = accused_by("leaks/outlived", &site(known, "0.0.1"));
        assert_eq!(accused, ["L3"], "{} in a version that nobody has looked at", known.name);
    }
}

#[test]
fn tasks_of_a_known_crate_on_a_socket_are_keep_alive_connections() {
    for known in pooling::all() {
        let accused = accused_by("healthy/pooled_driver", &site(known, &first_version(known)));
        assert_eq!(accused, Vec::<&str>::new(), "{}", known.name);
    }
    assert_ne!(accused_by("healthy/pooled_driver", "src/driver.rs"), Vec::<&str>::new());
}

#[test]
fn a_lost_waker_in_a_known_crate_is_proven() {
    for known in pooling::all() {
        let accused = accused_by("leaks/lost_waker", &site(known, &first_version(known)));
        assert_eq!(accused, ["P1"], "{}", known.name);
    }
}
