//! The first three lines of every screen: which target, whether to trust the numbers, whether it is alive.

use std::time::Duration;

use stranded_analysis::facts::{Cap, Gauges, Instrumentation, Source, StackCapture, TargetInfo};
use stranded_analysis::words;

use crate::app::{App, Screen, history, place};
use crate::text::{Line, Parts, Role};
use crate::theme;

/// Without a poll of any task for this long, the runtime may be stuck.
const QUIET: Duration = Duration::from_secs(10);
/// A poll that runs for this long holds a worker.
const LONG_POLL: Duration = Duration::from_secs(1);
/// What the trend of all tasks spans, once the target is that old.
const TREND_SPAN: Duration = Duration::from_secs(6 * 3600);
const TREND_CELLS: u32 = 8;

/// Which target, and the way to the present screen.
pub(super) fn target(app: &App) -> Parts {
    let picture = app.picture();
    let mut parts = Parts::default();
    let plain = |text: String| Line::new(Role::Plain, text);
    let name = picture.model.target().map_or(&app.settings.target, |target| &target.name);
    let mut title = Line::new(Role::Strong, words::printable(name).into_owned());
    for step in path(app) {
        title.push(Role::Dim, theme::step(app.settings.ascii));
        title.push(Role::Plain, step);
    }
    parts.add(0, title);
    if let Some(notice) = &app.settings.notice {
        parts.add(1, Line::new(Role::Bad, notice.clone()));
    }
    let Some(target) = picture.model.target() else { return parts };
    parts.add(2, plain(format!("pid {}", target.pid)));
    if let Some(host) = &target.host {
        parts.add(3, plain(words::printable(host).into_owned()));
    }
    parts.add(1, plain(format!("up {}", words::duration(Duration::from_nanos(picture.at().0)))));
    if let Some(boot) = picture.model.boot() {
        let boot = boot.to_string();
        parts.add(4, plain(format!("boot {}", &boot[boot.len().saturating_sub(4)..])));
    }
    if let Some(version) = &target.tokio_version {
        parts.add(5, plain(format!("tokio {}", words::printable(version))));
    }
    parts.add(6, plain(format!("agent {}", words::printable(&target.agent_version))));
    parts
}

/// The steps from the home screen to the present one.
fn path(app: &App) -> Vec<String> {
    let step = |screen: &Screen| match *screen {
        Screen::Tasks { site: Some(site) } => {
            app.picture().model.site(site).map(|site| place::site(&site.site))
        }
        Screen::Tasks { site: None } => Some("all tasks".to_owned()),
        Screen::Task { id, .. } => Some(format!("task {}", id.0)),
        _ => None,
    };
    app.stack.iter().filter_map(step).collect()
}

/// The state of the link, and of the freeze if there is one.
pub(super) fn link_words(app: &App) -> String {
    let link = app.link.words(app.now);
    match &app.frozen {
        None => link,
        Some(frozen) => {
            let since = words::duration(Duration::from_secs(
                app.now.saturating_sub(frozen.since).as_secs(),
            ));
            let behind = words::counted(frozen.behind, "change");
            let frozen = format!("FROZEN {since} ({behind} behind)");
            if app.link.is_live(app.now) { frozen } else { format!("{frozen}, {link}") }
        }
    }
}

/// Whether the numbers can be trusted.
pub(super) fn strip(app: &App) -> Parts {
    let mut parts = Parts::default();
    let fresh = app.frozen.is_none() && app.link.is_live(app.now);
    parts.add(0, Line::new(if fresh { Role::Good } else { Role::Bad }, link_words(app)));
    let picture = app.picture();
    let (Some(gauges), Some(target)) = (picture.model.gauges(), picture.model.target()) else {
        return parts;
    };
    parts.add(1, coverage(gauges));
    parts.add(1, lost(gauges, picture.model.lost()));
    parts.add(3, cost(gauges, picture.agent_cpu));
    parts.add(2, data(target));
    if let Some(fault) = target.faults.first() {
        parts.add(1, Line::new(Role::Bad, words::printable(fault).into_owned()));
    }
    if gauges.viewers > 1 {
        parts.add(4, Line::new(Role::Plain, words::counted(gauges.viewers.into(), "viewer")));
    }
    if gauges.own_tasks > 0 {
        parts.add(
            5,
            Line::new(
                Role::Dim,
                format!("own {} hidden", words::counted(gauges.own_tasks, "task")),
            ),
        );
    }
    parts
}

/// `coverage 100% 1,204/1,204`: tracked among those that the runtime itself counts.
fn coverage(gauges: &Gauges) -> Line {
    let tracked = gauges.countable.unwrap_or(gauges.tracked);
    let Some(alive) = gauges.alive else { return Line::new(Role::Bad, "coverage unknown") };
    // The two counts are read at different instants: the agent's may be ahead by a few.
    let share = (tracked.min(alive) * 100).checked_div(alive).unwrap_or(100);
    let text =
        format!("coverage {share}% {}/{}", words::count(tracked.min(alive)), words::count(alive));
    Line::new(if share >= 99 { Role::Good } else { Role::Bad }, text)
}

fn lost(gauges: &Gauges, gaps: u64) -> Line {
    let mut losses = Vec::new();
    for (count, what) in
        [(gauges.untracked, "task"), (gauges.stacks_lost, "stack"), (gaps, "update")]
    {
        if count > 0 {
            losses.push(words::counted(count, what));
        }
    }
    if losses.is_empty() {
        Line::new(Role::Good, "lost 0")
    } else {
        Line::new(Role::Bad, format!("lost {}", losses.join(", ")))
    }
}

/// `cost 0.4% cpu 9/64MB`: what the agent takes from its host.
fn cost(gauges: &Gauges, cpu: Option<f64>) -> Line {
    let cpu =
        cpu.map_or_else(|| "cpu unknown".to_owned(), |share| format!("{:.1}% cpu", share * 100.0));
    let megabytes = |bytes: u64| words::count(bytes.div_ceil(1 << 20));
    let memory =
        format!("{}/{}MB", megabytes(gauges.agent_bytes), megabytes(gauges.agent_bytes_cap));
    Line::new(Role::Plain, format!("cost {cpu} {memory}"))
}

/// `full data`, or what the source cannot tell.
fn data(target: &TargetInfo) -> Line {
    if target.instrumentation == Instrumentation::Pending {
        return Line::new(Role::Bad, "canary pending");
    }
    if matches!(target.instrumentation, Instrumentation::Missing { .. }) {
        return Line::new(Role::Bad, "not instrumented");
    }
    let missing: Vec<String> = Cap::ALL
        .into_iter()
        .filter(|cap| !target.caps.has(*cap))
        .map(|cap| format!("no {}", cap.name().replace('_', " ")))
        .collect();
    let source = if target.source == Source::Console { "console-subscriber: " } else { "" };
    match missing.as_slice() {
        [] if target.stacks == StackCapture::Unwinder => Line::new(Role::Plain, "stacks sampled"),
        [] => Line::new(Role::Good, "full data"),
        [first] => Line::new(Role::Plain, format!("{source}{first}")),
        [first, rest @ ..] => Line::new(Role::Plain, format!("{source}{first} +{}", rest.len())),
    }
}

/// Whether the runtime is alive, and whether tasks grow.
pub(super) fn pulse(app: &App) -> Parts {
    let picture = app.picture();
    let mut parts = Parts::default();
    let Some(gauges) = picture.model.gauges() else { return parts };
    let at = picture.at();
    let sites = || picture.model.sites().filter(|site| !site.own);
    let growths: Vec<i64> = sites().filter_map(|site| history::growth(site, at)).collect();
    let live = match (words::count(gauges.tracked), growths.is_empty()) {
        (count, true) => format!("live {count}"),
        (count, false) => {
            let window = history::label(history::growth_window(at));
            format!("live {count} {:+}/{window}", growths.iter().sum::<i64>())
        }
    };
    parts.add(0, Line::new(Role::Strong, live));
    let rates: Vec<(f64, f64)> = sites().filter_map(|site| history::rates(site, at)).collect();
    if !rates.is_empty() {
        let (spawned, ended) =
            rates.iter().fold((0.0, 0.0), |sum, rate| (sum.0 + rate.0, sum.1 + rate.1));
        parts.add(2, Line::new(Role::Plain, format!("spawn {}/s", rate(spawned))));
        parts.add(2, Line::new(Role::Plain, format!("end {}/s", rate(ended))));
    }
    parts.add(1, workers(gauges, at));
    let span = TREND_SPAN.min(at.since(stranded_analysis::facts::Moment::default()));
    let mut trend = vec![0; TREND_CELLS as usize];
    for site in sites() {
        for (sum, value) in trend.iter_mut().zip(history::trend(site, at, span, TREND_CELLS)) {
            *sum += value;
        }
    }
    let bars = theme::sparkline(&trend, app.settings.ascii);
    parts.add(3, Line::new(Role::Dim, history::label(span)).with(Role::Plain, format!(" {bars}")));
    parts
}

fn workers(gauges: &Gauges, at: stranded_analysis::facts::Moment) -> Line {
    let workers = gauges
        .workers
        .map_or_else(|| "workers unknown".to_owned(), |n| words::counted(n.into(), "worker"));
    let quiet = gauges.last_poll.map(|poll| at.since(poll)).filter(|age| *age >= QUIET);
    let long = gauges
        .longest_poll
        .map(|(task, since)| (task, at.since(since)))
        .filter(|poll| poll.1 >= LONG_POLL);
    match (long, quiet) {
        (Some((task, age)), _) => {
            let text =
                format!("{workers}, task {} in one poll for {}", task.0, words::duration(age));
            Line::new(Role::Bad, text)
        }
        (None, Some(age)) => {
            Line::new(Role::Bad, format!("{workers}, no poll for {}", words::duration(age)))
        }
        (None, None) if gauges.last_poll.is_none() => Line::new(Role::Plain, workers),
        (None, None) => Line::new(Role::Good, format!("{workers} ok")),
    }
}

/// A rate per second with one decimal where it is small.
pub(super) fn rate(per_second: f64) -> String {
    if per_second >= 9.95 {
        words::count(per_second.round() as u64)
    } else {
        format!("{per_second:.1}")
    }
}
