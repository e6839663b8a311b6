//! The programs, one a module. A new one is its file, its `mod` and its place in [`ALL`].

mod export_api;
mod job_signal;
mod ledger;
mod live_feed;
mod report_renderer;
mod rpc_client;
mod search_replicas;
mod thumbnails;

use crate::harness::Program;

/// Every program.
pub const ALL: &[Program] = &[
    export_api::PROGRAM,
    job_signal::PROGRAM,
    ledger::PROGRAM,
    live_feed::PROGRAM,
    report_renderer::PROGRAM,
    rpc_client::PROGRAM,
    search_replicas::PROGRAM,
    thumbnails::PROGRAM,
];

/// The program with that name.
pub fn by_name(name: &str) -> Option<&'static Program> {
    ALL.iter().find(|program| program.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sorted() {
        let names: Vec<_> = ALL.iter().map(|program| program.name).collect();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
    }
}
