//! The last two lines: how much is shown and filtered, and the keys.

use stranded_analysis::Report;
use stranded_analysis::report::Class;
use stranded_analysis::words;

use super::Canvas;
use crate::app::{App, Layout, Screen};
use crate::keymap::{self, Mode};
use crate::text::{Line, Parts, Role, head};

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
    if status {
        let below = match filter.error() {
            Some(error) => {
                let before = filter.text().get(..error.span.start).unwrap_or(filter.text());
                let start = Line::new(Role::Plain, before).width();
                let caret = "^".repeat(error.span.len().clamp(1, width));
                Line::new(Role::Bad, format!("{}{caret} {}", " ".repeat(start + 2), error.message))
            }
            None => keys(app, Mode::Filter).fit(width),
        };
        canvas.put(1, y + 1, &below);
    }
    let x = filter.cursor() + 3;
    Some((u16::try_from(x).unwrap_or(u16::MAX).min(app.size.width.saturating_sub(1)), y))
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

/// What happened, or else what is shown and what was found.
fn status_line(app: &App, width: usize) -> Line {
    if let Some(notice) = &app.notice {
        return Line::new(Role::Bad, head(&format!("{notice}  (Esc)"), width, app.settings.ascii));
    }
    if let Some(problem) = app.lost_because() {
        // With room above the banner, what happened stands there.
        let text = if Layout::of(app).gap > 0 {
            format!("Next: {}", problem.hint)
        } else {
            format!("{} Next: {}", problem.what, problem.hint)
        };
        return Line::new(Role::Bad, head(&words::printable(&text), width, app.settings.ascii));
    }
    let mut parts = Parts::default();
    parts.add(0, Line::new(Role::Plain, shown(app)));
    if let Some(report) = &app.picture().report {
        parts.add(2, Line::new(Role::Plain, verdicts(report)));
        if !report.inactive.is_empty() {
            let text = format!("{} off", words::counted(report.inactive.len() as u64, "rule"));
            parts.add(4, Line::new(Role::Plain, text));
        }
    }
    let filter = app.filter().map_or("", |filter| filter.good());
    parts.add(
        1,
        match filter {
            "" => Line::new(Role::Dim, "/ no filter"),
            text => {
                Line::new(Role::Key, "/ ").with(Role::Strong, words::printable(text).into_owned())
            }
        },
    );
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
    let candidates = report.findings.len() - report.confirmed().count();
    let always = [("proven", count(Class::Proven)), ("likely", count(Class::Likely))];
    let rarer = [("watch", count(Class::Watch)), ("candidates", candidates)];
    let rarer = rarer.into_iter().filter(|(_, count)| *count > 0);
    let mut parts: Vec<String> =
        always.into_iter().chain(rarer).map(|(word, count)| format!("{word} {count}")).collect();
    parts.push(format!("retracted {}", report.retracted));
    parts.join(", ")
}

/// The keys that do something now, the most useful kept longest.
fn keys(app: &App, mode: Mode) -> Parts {
    let mut parts = Parts::default();
    for (binding, unmet) in keymap::in_mode(mode, app) {
        if binding.footer > 0 && unmet.is_none() {
            let key = binding.keys.first().map(|keys| keymap::spell(keys)).unwrap_or_default();
            parts.add(
                binding.footer,
                Line::new(Role::Key, key).with(Role::Plain, format!(" {}", binding.label)),
            );
        }
    }
    parts
}
