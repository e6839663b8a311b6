//! What a failing test says.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use stranded_analysis::facts::{Cluster, Instrumentation, ParkStack, SiteFacts, StackId, TaskKind};
use stranded_analysis::park;
use stranded_analysis::report::text;
use stranded_analysis::{Model, Policy, judge, words};

use super::Guard;
use crate::registry::Look;
use crate::resolver::resolved;
use crate::symbols::Symbols;

/// Why a guard is not content.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    leaked: Option<u64>,
    message: String,
}

/// As it reads: a test that ends with it as an error prints this form.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Failure {
    /// How many tasks are left; `None`: it cannot be told.
    pub fn leaked(&self) -> Option<u64> {
        self.leaked
    }

    /// Tasks cannot be seen.
    pub(super) fn blind(found: &Instrumentation) -> Self {
        let message = match found {
            Instrumentation::Missing { because, fix } => format!(
                "tasks cannot be seen, so it cannot be told whether any leak: {because}.\nTo fix: {fix}."
            ),
            Instrumentation::Pending | Instrumentation::Working => {
                "tasks may be invisible: the agent's own test task has not run".to_owned()
            }
        };
        Self { leaked: None, message }
    }

    /// The runtime has tasks that were not seen.
    pub(super) fn uncovered(unseen: u64) -> Self {
        let message = format!(
            "no leaked task was seen, but {} of this runtime {} not seen at all: spawned under a scoped `tracing` \
             subscriber, or beyond the agent's memory cap",
            words::counted(unseen, "live task"),
            words::agree(unseen, "was", "were"),
        );
        Self { leaked: None, message }
    }
}

/// The report on what `look` found left.
pub(super) fn of(guard: &Guard, look: Look) -> Failure {
    let now = look.at;
    let stacks = resolve(guard, &look);
    let mut model = Model::default();
    model.apply(guard.observer.update_of(look, stacks));
    let leaked = model.sites().map(|site| site.live).sum();
    let mut message = format!(
        "{} still alive {} after the end of the test (guard at {}:{})\n",
        words::counted(leaked, "task"),
        words::duration(guard.grace),
        words::path(guard.place.file()),
        guard.place.line(),
    );
    for site in model.sites() {
        message.push('\n');
        write_site(site, &model, &mut message);
    }
    for finding in judge(&model, now, &Policy::default()).confirmed() {
        message.push('\n');
        message.push_str(&text::finding(finding, now));
    }
    message.push_str(
        "\nEnd them before the test ends, or let them stay: `guard.ignore(site)`, `guard.residents(site, most)`.",
    );
    Failure { leaked: Some(leaked), message }
}

/// Where the tasks of a site wait, with the calls that lead there.
fn write_site(site: &SiteFacts, model: &Model, text: &mut String) {
    let noun = match site.site.kind {
        TaskKind::Task | TaskKind::Unknown => "task",
        TaskKind::Local => "local task",
        TaskKind::Blocking | TaskKind::BlockOn => "blocking task",
    };
    let tasks = words::counted(site.live, noun);
    let _ = writeln!(text, "{tasks} spawned at {}", words::site(&site.site));
    for (n, what) in [(site.running, "running"), (site.scheduled, "due to run")] {
        if n > 0 {
            let _ = writeln!(text, "  {} {} {what}", words::count(n), words::agree(n, "is", "are"));
        }
    }
    for cluster in &site.clusters {
        write_cluster(cluster, model, text);
    }
}

fn write_cluster(cluster: &Cluster, model: &Model, text: &mut String) {
    let mut stacks: Vec<&ParkStack> =
        cluster.stacks.iter().filter_map(|id| model.stack(*id)).collect();
    stacks.sort_by_key(|stack| stack.wait.as_ref().map(ToString::to_string));
    let waits = words::agree(cluster.parked, "waits", "wait");
    let place = match park::point(stacks.iter().copied(), cluster.current == cluster.parked) {
        Some(point) if point.current => format!("{waits} in {}", words::place(&point)),
        Some(point) => format!("{waits}, last registered in {}", words::place(&point)),
        None => format!("{waits} at an unknown place"),
    };
    let _ = writeln!(text, "  {} {place}", words::count(cluster.parked));
    for stack in stacks {
        if let Some(wait) = stack.wait.as_ref().filter(|_| cluster.stacks.len() > 1) {
            let _ = writeln!(text, "    {wait}");
        }
        write_stack(stack, text);
    }
}

/// The calls of user code, innermost first.
fn write_stack(stack: &ParkStack, text: &mut String) {
    for frame in stack.frames.iter().filter(|frame| frame.user) {
        let _ = write!(text, "      {}", park::short_function(&frame.function));
        if let Some(file) = &frame.file {
            let _ = write!(text, " at {}", words::path(file));
        }
        if let Some(line) = frame.line {
            let _ = write!(text, ":{line}");
        }
        text.push('\n');
    }
}

/// The park stacks that `look` refers to, with their symbols.
fn resolve(guard: &Guard, look: &Look) -> Vec<ParkStack> {
    let mut symbols = Symbols::default();
    for site in &look.sites {
        symbols.learn_root(&site.site.file);
    }
    let clusters = look.sites.iter().flat_map(|site| &site.clusters);
    let ids: BTreeSet<StackId> = clusters.flat_map(|cluster| &cluster.stacks).copied().collect();
    let stacks = guard.observer.registry().stacks();
    ids.into_iter().filter_map(|id| resolved(&mut symbols, id, stacks)).collect()
}
