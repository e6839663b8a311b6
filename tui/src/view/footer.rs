//! The last two lines: how much is shown and filtered, and the keys.

use stranded_analysis::Report;
use stranded_analysis::query::QueryError;
use stranded_analysis::report::Class;
use stranded_analysis::words;
use unicode_width::UnicodeWidthStr;

use super::Canvas;
use crate::app::{App, Filter, Screen};
use crate::keymap::{self, Action, Mode};
use crate::page;
use crate::text::{Line, Parts, Role, head, wrap};

/// Draws them from line `y` on; where the text cursor is comes back.
pub(super) fn draw(canvas: &mut Canvas<'_>, app: &App, y: u16, status: bool) -> Option<(u16, u16)> {
    let width = usize::from(app.size.width.saturating_sub(2));
    if app.mode() == Mode::Filter {
        return filter_line(canvas, app, y, status);
    }
    if status {
        canvas.put(1, y, &status_line(app, width));
    }
    canvas.put(1, y + u16::from(status), &keys(app, app.mode()).fit(width));
    None
}

/// The filter as it is typed; its error below, if it has one.
fn filter_line(canvas: &mut Canvas<'_>, app: &App, y: u16, status: bool) -> Option<(u16, u16)> {
    let filter = app.filter()?;
    let width = usize::from(app.size.width.saturating_sub(2));
    let count = format!("  {}", shown(app));
    let text = head(filter.text(), width.saturating_sub(count.len() + 2), app.settings.ascii);
    let line = Line::new(Role::Key, "/ ").with(Role::Strong, text).with(Role::Plain, count);
    canvas.put(1, y, &line);
    match filter.error() {
        Some(error) => point_at(canvas, app, error, y, status),
        None if status => canvas.put(1, y + 1, &keys(app, Mode::Filter).fit(width)),
        None => {}
    }
    let x = filter.cursor() + 3;
    Some((u16::try_from(x).unwrap_or(u16::MAX).min(app.size.width.saturating_sub(1)), y))
}

/// Carets below what is wrong, and why it is: beside them, or above the filter where that is too long.
fn point_at(canvas: &mut Canvas<'_>, app: &App, error: &QueryError, y: u16, status: bool) {
    let width = usize::from(app.size.width.saturating_sub(2));
    let text = app.filter().map_or("", Filter::text);
    let before = text.get(..error.span.start).unwrap_or(text).width() + 2;
    let carets = "^".repeat(error.span.len().clamp(1, width));
    let mut below = format!("{}{carets}", " ".repeat(before));
    if status && before + carets.len() + 1 + error.message.width() <= width {
        below = format!("{below} {}", error.message);
    } else {
        let lines = wrap(&error.message, width);
        let first = y.saturating_sub(u16::try_from(lines.len()).unwrap_or(u16::MAX));
        for (line, y) in lines.into_iter().zip(first..y) {
            canvas.clear(0, y, app.size.width, 1);
            canvas.put(1, y, &Line::new(Role::Bad, line));
        }
    }
    if status {
        canvas.put(1, y + 1, &Line::new(Role::Bad, below));
    }
}

/// `8 of 8 sites`, `64 of 182,859 tasks`.
fn shown(app: &App) -> String {
    match app.screen() {
        Screen::Tasks { .. } => {
            let rows = app.tasks.rows().len() as u64;
            let matched = app.picture().model.window().matched.max(rows);
            format!("{} of {}", words::count(rows), words::counted(matched, "task"))
        }
        _ => {
            let all = app.picture().model.sites().filter(|site| !site.own).count() as u64;
            let rows = app.sites.rows().len() as u64;
            format!("{} of {}", words::count(rows), words::counted(all, "site"))
        }
    }
}

/// What is shown and what was found.
fn status_line(app: &App, width: usize) -> Line {
    let mut parts = Parts::default();
    parts.add(0, Line::new(Role::Plain, shown(app)));
    if let Some(report) = &app.picture().report {
        parts.add(2, Line::new(Role::Plain, verdicts(report)));
        if !report.inactive.is_empty() {
            let text = format!("{} off", words::counted(report.inactive.len() as u64, "rule"));
            parts.add(4, Line::new(Role::Plain, text));
        }
    }
    match app.filter().map_or("", Filter::good) {
        "" => parts.add(5, Line::new(Role::Dim, "/ no filter")),
        text => {
            let text = words::printable(text).into_owned();
            parts.add(1, Line::new(Role::Key, "/ ").with(Role::Strong, text));
        }
    }
    if let Some(error) =
        &app.picture().model.window().query_error.as_ref().filter(|_| app.asked.limit > 0)
    {
        parts.add(1, Line::new(Role::Bad, words::printable(error).into_owned()));
    }
    parts.fit(width)
}

/// `proven 1, likely 2, retracted 0`; what is rarer only if there is any.
fn verdicts(report: &Report) -> String {
    let count = |class| report.confirmed().filter(|finding| finding.class == class).count();
    let candidates = report.open().count() - report.confirmed().count();
    let accepted = report.findings.len() - report.open().count();
    let always = [("proven", count(Class::Proven)), ("likely", count(Class::Likely))];
    let rarer =
        [("watch", count(Class::Watch)), ("candidates", candidates), ("accepted", accepted)];
    let rarer = rarer.into_iter().filter(|(_, count)| *count > 0);
    let mut parts: Vec<String> =
        always.into_iter().chain(rarer).map(|(word, count)| format!("{word} {count}")).collect();
    parts.push(format!("retracted {}", report.retracted));
    parts.join(", ")
}

/// The keys that do something now, the most useful kept longest.
fn keys(app: &App, mode: Mode) -> Parts {
    let mut parts = Parts::default();
    let mut add = |rank, key: &str, label: &str| {
        parts.add(rank, Line::new(Role::Key, key).with(Role::Plain, format!(" {label}")));
    };
    if let Some(page) = page::page(app, app.top()).filter(|_| mode == Mode::Task) {
        let below = page.below();
        if below > 0 {
            add(1, "j", &words::counted(below.into(), "more line"));
        }
    }
    for (binding, unmet) in keymap::in_mode(mode, app) {
        if binding.footer > 0 && unmet.is_none() {
            let key = binding.keys.first().map(|keys| keymap::spell(keys)).unwrap_or_default();
            match binding.action {
                Action::Freeze if app.frozen.is_some() => add(1, &key, "go on"),
                _ => add(binding.footer, &key, binding.label),
            }
        }
    }
    parts
}
