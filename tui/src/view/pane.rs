//! The pane about the selected site, on wide screens: examples, norms, where it waits, what to do.

use std::time::Duration;

use stranded_analysis::facts::{SiteFacts, TaskId, Wait};
use stranded_analysis::report::SiteVerdict;
use stranded_analysis::words;

use super::Canvas;
use super::table::{Align, Column, Table, Width};
use crate::app::{App, Picture, place, tasks};
use crate::text::{Line, Role, head, wrap};
use crate::theme;

/// Example rows.
const EXAMPLES: u16 = 3;
/// Width of the column of headings.
const HEADING: usize = 26;
/// The steps of the ages of parked tasks.
const AGES: [(u64, &str); 6] =
    [(60, "<1m"), (300, "<5m"), (900, "<15m"), (1800, "<30m"), (3600, "<1h"), (u64::MAX, "older")];

/// Draws the pane into `height` lines from `y` on.
pub(super) fn draw(canvas: &mut Canvas<'_>, app: &App, y: u16, height: u16) {
    let picture = app.picture();
    let Some(site) = app.sites.selected().and_then(|row| picture.model.site(row.id)) else {
        return;
    };
    if height == 0 {
        return;
    }
    let ascii = app.settings.ascii;
    let width = usize::from(app.size.width);
    let title = format!(" selected: {} ", place::site(&site.site));
    canvas.put(1, y, &Line::new(Role::Dim, theme::rule(width.saturating_sub(2), ascii)));
    canvas.put(3, y, &Line::new(Role::Heading, head(&title, width.saturating_sub(6), ascii)));
    let examples = app.examples();
    example_table(app, &examples).draw(canvas, y + 1, width, usize::from(EXAMPLES));
    let more = site.live.saturating_sub(examples.len() as u64);
    if more > 0 {
        let text = format!("   {} more, Enter lists them", words::count(more));
        canvas.put(0, y + 2 + examples.len() as u16, &Line::new(Role::Dim, text));
    }
    let facts = facts(app, site);
    let mut rows = y + EXAMPLES + 3..y + height;
    for (heading, text) in facts {
        for (line, text) in wrap(&text, width.saturating_sub(HEADING + 4)).into_iter().enumerate() {
            let Some(row) = rows.next() else { return };
            let heading = if line == 0 { heading } else { "" };
            let line =
                Line::new(Role::Heading, format!("{heading:<HEADING$}")).with(Role::Plain, text);
            canvas.put(3, row, &line);
        }
    }
}

fn example_table(app: &App, examples: &[TaskId]) -> Table {
    let column =
        |title: &str, width, align| Column { title: title.to_owned(), width, rank: 0, align };
    let fixed = |title, cells| column(title, Width::Fixed(cells), Align::Right);
    let flexible = |title, least, most| column(title, Width::Flexible(least, most), Align::Left);
    let columns = vec![
        column("  TASK", Width::Fixed(9), Align::Left),
        column("STATE", Width::Fixed(17), Align::Left),
        fixed("AGE", 7),
        fixed("POLLS", 7),
        fixed("WAKERS", 7),
        flexible("LAST WAKE", 14, 30),
        flexible("SPAWNED BY", 14, 40),
        flexible("REQUEST", 8, 24),
    ];
    let rows = examples.iter().map(|id| example(app.picture(), *id)).collect();
    Table { columns, rows, top: 0, selected: None, ascii: app.settings.ascii }
}

fn example(picture: &Picture, id: TaskId) -> Vec<(String, Role)> {
    let unknown = || "unknown".to_owned();
    let at = picture.at();
    let cells = match picture.model.task(id) {
        None => {
            let mut cells = vec![format!("  {}", id.0)];
            cells.resize_with(8, unknown);
            cells
        }
        Some(task) => {
            let alive = match task.spawner_alive {
                Some(false) => " (ended)",
                _ => "",
            };
            vec![
                format!("  {}", id.0),
                tasks::state(task, at),
                words::duration(at.since(task.spawned)),
                words::count(task.polls),
                task.wakers.map_or_else(unknown, |wakers| words::count(wakers.live)),
                task.last_wake.map_or_else(|| "never".to_owned(), |wake| tasks::woken(wake, at)),
                task.spawner.map_or_else(unknown, |id| format!("task {}{alive}", id.0)),
                task.scope.as_ref().map_or_else(
                    || "none".to_owned(),
                    |scope| words::printable(&scope.name).into_owned(),
                ),
            ]
        }
    };
    cells.into_iter().map(|text| (text, Role::Plain)).collect()
}

fn facts(app: &App, site: &SiteFacts) -> Vec<(&'static str, String)> {
    let picture = app.picture();
    let mut facts = vec![
        ("lifetime of the returned", lifetimes(site)),
        ("parked now, by age", ages(site)),
        ("waits on", waits(site, picture)),
        ("spawned by", spawned_by(site, picture)),
    ];
    if let Some((_, finding)) = app.selected_finding() {
        let against = finding.counter_evidence.first().map_or("nothing", String::as_str);
        facts.push(("speaks against a leak", words::printable(against).into_owned()));
        facts.push(("clears", words::printable(&finding.clears).into_owned()));
    } else if let Some(verdict) = picture.report.as_ref().and_then(|report| report.site(site.id)) {
        facts.push(match verdict {
            SiteVerdict::Fine { because: Some(why) } => {
                ("ok because", words::printable(why).into_owned())
            }
            SiteVerdict::Fine { because: None }
            | SiteVerdict::Accused(_)
            | SiteVerdict::Blocked(_) => ("ok because", "its tasks end".to_owned()),
            SiteVerdict::Unknown { because, judged_in } => {
                let when = judged_in.map_or_else(String::new, |left| {
                    format!("; judged in {}", words::duration(left))
                });
                ("unknown because", format!("{}{when}", words::printable(because)))
            }
        });
    }
    facts
}

fn lifetimes(site: &SiteFacts) -> String {
    if site.lifetimes.is_empty() {
        return format!(
            "none returned; {} cancelled, {} panicked of {} spawned",
            words::count(site.cancelled),
            words::count(site.panicked),
            words::count(site.spawned)
        );
    }
    let quantile =
        |q| site.lifetimes.quantile(q).map_or_else(|| "unknown".to_owned(), words::duration);
    format!(
        "p50 {}, p90 {}, p99 {}; {} of {} returned, {} cancelled, {} panicked",
        quantile(0.5),
        quantile(0.9),
        quantile(0.99),
        words::count(site.returned),
        words::count(site.spawned),
        words::count(site.cancelled),
        words::count(site.panicked),
    )
}

/// How many parked tasks are how old: `<1m: 1, <5m: 4`.
fn ages(site: &SiteFacts) -> String {
    let older = |seconds: u64| -> u64 {
        site.clusters
            .iter()
            .map(|cluster| cluster.ages.certainly_above(Duration::from_secs(seconds)))
            .sum()
    };
    let mut above: u64 = site.clusters.iter().map(|cluster| cluster.ages.count()).sum();
    let mut parts = Vec::new();
    for (seconds, label) in AGES {
        let beyond = if seconds == u64::MAX { 0 } else { older(seconds) };
        let here = above.saturating_sub(beyond);
        above = beyond;
        if here > 0 {
            parts.push(format!("{label}: {}", words::count(here)));
        }
    }
    if parts.is_empty() { "none parked".to_owned() } else { parts.join(", ") }
}

/// The groups of parked tasks by what they wait for, largest first.
fn waits(site: &SiteFacts, picture: &Picture) -> String {
    let crowds = picture.model.crowds(site.id);
    let parts: Vec<String> = crowds
        .iter()
        .take(4)
        .map(|crowd| match &crowd.point {
            Some(point) if point.current && !matches!(point.wait, Wait::Other(_)) => {
                format!(
                    "{} at {} ({})",
                    point.wait,
                    place::park_point(point),
                    words::count(crowd.parked)
                )
            }
            _ => format!("{} ({})", place::crowd(crowd, ""), words::count(crowd.parked)),
        })
        .collect();
    if parts.is_empty() {
        "none parked".to_owned()
    } else {
        words::printable(&parts.join(", ")).into_owned()
    }
}

fn spawned_by(site: &SiteFacts, picture: &Picture) -> String {
    let parts: Vec<String> = site
        .spawned_by
        .iter()
        .take(3)
        .map(|by| {
            let from = match by.site {
                None => "outside any task".to_owned(),
                Some(id) => picture
                    .model
                    .site(id)
                    .map_or_else(|| "unknown".to_owned(), |s| place::site(&s.site)),
            };
            let orphans = if by.orphans == 0 {
                String::new()
            } else {
                format!(", spawner ended of {}", words::count(by.orphans))
            };
            format!("{from} ({}{orphans})", words::count(by.live))
        })
        .collect();
    if parts.is_empty() { "unknown".to_owned() } else { parts.join("; ") }
}
