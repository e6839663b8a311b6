//! The table of spawn sites, or the sentence that stands for an empty one.

use std::time::Duration;

use stranded_analysis::facts::Moment;
use stranded_analysis::words;

use super::table::{Align, Column, Table, Width};
use super::{Canvas, header};
use crate::app::{App, LinkState, SiteColumn, SiteRow, Standing, history, sites};
use crate::page::finding;
use crate::text::{Line, Role, wrap};
use crate::theme;

/// Until then nobody wonders why there are no tasks.
const JUST_STARTED: Moment = Moment(2_000_000_000);
/// The place of the column of growth.
const GROWTH: usize = 3;

/// Draws heading and rows, or why there are none.
pub(super) fn draw(canvas: &mut Canvas<'_>, app: &App, y: u16, rows: usize) {
    if app.sites.rows().is_empty() {
        for (line, y) in empty(app).iter().zip(y..) {
            canvas.put(1, y, line);
        }
        return;
    }
    let mut columns = columns(app);
    let mut lines: Vec<_> =
        app.sites.rows().iter().map(|row| cells(row, app.settings.ascii)).collect();
    // In the first seconds there is nothing to compare with yet.
    if app.sites.rows().iter().all(|row| row.growth.is_none()) {
        columns.remove(GROWTH);
        for cells in &mut lines {
            cells.remove(GROWTH);
        }
    }
    let table = Table {
        columns,
        rows: lines,
        top: app.sites.cursor.top,
        selected: Some(app.sites.cursor.place()),
        ascii: app.settings.ascii,
    };
    table.draw(canvas, y, usize::from(app.size.width), rows);
}

fn columns(app: &App) -> Vec<Column> {
    use Align::{Left, LeftKeepEnd, Right};
    use Width::{Fixed, Flexible};

    let at = app.picture().at();
    let window = history::label(history::growth_window(at));
    let trend = history::label(sites::TREND_SPAN.min(at.since(Moment::default())));
    let column = |id: SiteColumn, title: &str, width, rank, align| {
        let mark = theme::sort_mark(app.sites.descending, app.settings.ascii);
        let sorted = app.sites.column == id && id != SiteColumn::Verdict;
        let title = if sorted { format!("{title}{mark}") } else { title.to_owned() };
        Column { title, width, rank, align }
    };
    vec![
        column(SiteColumn::Verdict, "VERDICT", Fixed(8), 0, Left),
        column(SiteColumn::Site, "SPAWN SITE", Flexible(22, 60), 0, LeftKeepEnd),
        column(SiteColumn::Live, "LIVE", Flexible(5, 9), 0, Right),
        column(SiteColumn::Growth, &window, Flexible(5, 9), 1, Right),
        column(SiteColumn::Spawned, "SPAWN/s", Fixed(8), 7, Right),
        column(SiteColumn::Ended, "END/s", Fixed(6), 8, Right),
        column(SiteColumn::Oldest, "OLDEST", Fixed(7), 2, Right),
        column(SiteColumn::Parked, "PARKED", Fixed(7), 9, Right),
        column(SiteColumn::P99, "p99", Fixed(6), 4, Right),
        Column { title: "RUN".to_owned(), width: Flexible(4, 6), rank: 10, align: Right },
        Column { title: trend, width: Fixed(6), rank: 6, align: Left },
        column(SiteColumn::Waits, "WAITS AT", Flexible(18, 60), 3, Left),
    ]
}

fn cells(row: &SiteRow, ascii: bool) -> Vec<(String, Role)> {
    let unknown = || "unknown".to_owned();
    let span = |value: Option<Duration>, otherwise: &str| {
        (value.map_or_else(|| otherwise.to_owned(), words::duration), Role::Plain)
    };
    let missing = if row.live == 0 { "none" } else { "unknown" };
    let rate = |value: Option<f64>| (value.map_or_else(unknown, header::rate), Role::Plain);
    let growth = match row.growth {
        Some(0) => ("0".to_owned(), Role::Plain),
        Some(growth) => (format!("{growth:+}"), Role::Plain),
        None => (unknown(), Role::Plain),
    };
    vec![
        verdict(row.standing, ascii),
        (row.place.clone(), Role::Plain),
        (words::count(row.live), Role::Plain),
        growth,
        rate(row.rates.map(|rates| rates.0)),
        rate(row.rates.map(|rates| rates.1)),
        span(row.oldest, missing),
        span(row.parked, missing),
        span(row.p99, "none"),
        (words::count(row.running), Role::Plain),
        (theme::sparkline(&row.trend, ascii), Role::Dim),
        (row.waits.clone(), Role::Plain),
    ]
}

/// Mark and word of a verdict; of a candidate, when it is confirmed if it holds.
pub(super) fn verdict(standing: Standing, ascii: bool) -> (String, Role) {
    match standing {
        Standing::Accused { class, confirms_in: None, .. } => (
            format!("{} {}", theme::class_mark(class, ascii), finding::word(class)),
            finding::role(class),
        ),
        Standing::Accused { class, confirms_in: Some(left), .. } => (
            format!("{} in {}", theme::class_mark(class, ascii), finding::countdown(left)),
            Role::Plain,
        ),
        Standing::Unknown => ("  unknown".trim_start().to_owned(), Role::Dim),
        Standing::Accepted => ("accepted".to_owned(), Role::Dim),
        Standing::Fine => ("ok".to_owned(), Role::Plain),
    }
}

/// Why there are no rows, and what to do next.
fn empty(app: &App) -> Vec<Line> {
    let width = usize::from(app.size.width.saturating_sub(2));
    let mut lines = Vec::new();
    let mut say = |role, text: &str| {
        lines.extend(
            wrap(&words::printable(text), width).into_iter().map(|text| Line::new(role, text)),
        );
    };
    let sites = app.picture().model.sites().filter(|site| !site.own).count() as u64;
    if app.picture().model.census().is_some() {
        if app.is_blind() {
            say(
                Role::Plain,
                &format!("Next: stranded doctor {} shows each check.", app.settings.target),
            );
        } else if sites > 0 {
            let (sites, filter) = (words::counted(sites, "site"), app.sites.filter.good());
            let text = format!("0 of {sites} match `{filter}`. Esc clears the filter.");
            say(Role::Plain, &text);
        } else {
            say(Role::Plain, "No task has been spawned since the agent was installed.");
            if app.picture().at() < JUST_STARTED {
                say(Role::Plain, "The process has only just started: the first tasks are due.");
                return lines;
            }
            say(
                Role::Plain,
                &format!("If that cannot be: stranded doctor {} says why.", app.settings.target),
            );
        }
        return lines;
    }
    if let Some(problem) = &app.link.problem {
        say(Role::Bad, &problem.what);
        say(Role::Plain, &format!("Next: {}", problem.hint));
        say(Role::Plain, "It is tried again by itself; R tries now.");
        return lines;
    }
    match app.link.state {
        LinkState::Waiting { .. } | LinkState::Connected => {
            say(Role::Plain, "Connected. The first census is on its way.");
        }
        LinkState::Connecting { .. } | LinkState::Lost { .. } => {
            say(Role::Plain, &format!("Connecting to {}.", app.settings.target));
        }
    }
    lines
}
