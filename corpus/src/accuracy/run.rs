//! One program, run and watched.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde_json::Value;

use super::account::Account;
use super::args::Settings;
use super::target::Target;
use super::viewer::{self, Look};
use crate::harness::Program;

/// Between two looks of the viewer that watches from the start.
const EVERY: Duration = Duration::from_secs(1);
/// Between two looks of the one that attaches late.
const SOON: Duration = Duration::from_millis(250);
/// How long the late viewer watches.
const LATE: Duration = Duration::from_secs(6);
/// What a viewer without a rule needs beyond the time in which likely findings are confirmed.
const MUTATED: Duration = Duration::from_secs(5);
/// In which time likely findings are confirmed, unscaled.
const CONFIRM: Duration = Duration::from_secs(10);

/// All that was seen of one program, and what is true of it.
#[derive(Debug)]
pub struct Observed {
    pub(super) program: &'static Program,
    pub(super) settings: Settings,
    pub(super) truth: Account,
    /// By the viewer that was there from the start.
    pub(super) looks: Vec<Look>,
    /// When the late viewer was started.
    pub(super) attached_ms: u64,
    /// By the one that attached at the end.
    pub(super) late: Vec<Look>,
    /// The last look of one that did not ask a rule, by that rule.
    pub(super) without: BTreeMap<String, Look>,
    /// Live tasks at the end.
    pub(super) rows: Vec<Value>,
    /// Tasks spawned in all.
    pub(super) spawned: u64,
}

/// Runs `program` and watches it.
pub fn observe(program: &'static Program, settings: &Settings) -> anyhow::Result<Observed> {
    let scale = settings.time_scale;
    let mut target = Target::start(program, settings)?;
    let address = target.address.clone();
    let looks = viewer::check(&address, settings.watch, EVERY, scale, None)?;
    let rows = viewer::list(&address, "tasks")?;
    let sites = viewer::list(&address, "sites")?;
    let attached_ms = viewer::now_ms();
    let late = viewer::check(&address, LATE, SOON, scale, None)?;
    let rules = if settings.mutate { accusing(&looks) } else { BTreeSet::new() };
    let without = mutated(&address, scale, &rules)?;
    target.check_alive().with_context(|| format!("{} did not last", program.name))?;
    Ok(Observed {
        program,
        settings: *settings,
        truth: Account::of(&target.truth()?),
        looks,
        attached_ms,
        late,
        without,
        rows,
        spawned: sites.iter().filter_map(|site| site["spawned"].as_u64()).sum(),
    })
}

/// The rules that accused somebody.
fn accusing(looks: &[Look]) -> BTreeSet<&str> {
    let findings = looks.iter().flat_map(|look| look.report.accusations());
    findings.map(|finding| finding.rule.as_str()).collect()
}

/// Watches once more without each of `rules`, all at the same time.
fn mutated(
    address: &str,
    scale: f64,
    rules: &BTreeSet<&str>,
) -> anyhow::Result<BTreeMap<String, Look>> {
    let watch = CONFIRM.mul_f64(scale) + MUTATED;
    thread::scope(|scope| {
        let viewers: Vec<_> = rules
            .iter()
            .map(|&rule| {
                let look = move || viewer::check(address, watch, watch, scale, Some(rule));
                (rule, scope.spawn(look))
            })
            .collect();
        viewers
            .into_iter()
            .map(|(rule, viewer)| {
                let looks = viewer.join().map_err(|_| anyhow!("a viewer panicked"))??;
                let last = looks.into_iter().next_back().context("a viewer said nothing")?;
                Ok((rule.to_owned(), last))
            })
            .collect()
    })
}
