//! What is wrong, in sentences: the finding that matters, or why there is none.

use std::time::Duration;

use stranded_analysis::Report;
use stranded_analysis::facts::Instrumentation;
use stranded_analysis::report::{SiteVerdict, Verdict};
use stranded_analysis::words;

use crate::app::App;
use crate::page::finding;
use crate::text::{Line, Role, head, wrap};

/// At most `height` lines.
pub(super) fn lines(app: &App, width: usize, height: usize) -> Vec<Line> {
    let mut lines = if app.picture().report.is_none() {
        Vec::new()
    } else if let Some(lines) = not_instrumented(app, width) {
        lines
    } else if app.banner_finding().is_some() {
        accusation(app, width, height)
    } else {
        app.picture().report.as_ref().map_or_else(Vec::new, |report| all_clear(report, width))
    };
    lines.truncate(height);
    lines
}

/// No tasks are seen, and why.
fn not_instrumented(app: &App, width: usize) -> Option<Vec<Line>> {
    let Instrumentation::Missing { because, fix } = &app.picture().model.target()?.instrumentation
    else {
        return None;
    };
    let text = format!(
        "Connected, but no verdict is possible: {}. Fix: {}",
        words::printable(because),
        words::printable(fix)
    );
    Some(wrap(&text, width).into_iter().map(|text| Line::new(Role::Bad, text)).collect())
}

/// The finding: headline, place, reason, fix.
fn accusation(app: &App, width: usize, height: usize) -> Vec<Line> {
    let Some((rank, found)) = app.banner_finding() else { return Vec::new() };
    let ascii = app.settings.ascii;
    let of = app.picture().report.as_ref().map_or(0, |report| report.findings.len());
    let count = if of > 1 { format!("  {} of {of}", rank + 1) } else { String::new() };
    let room = width.saturating_sub(count.len());
    let headline = finding::headline(found, room, ascii);
    let blank = " ".repeat(room.saturating_sub(Line::new(Role::Plain, headline.as_str()).width()));
    let mut lines = vec![
        Line::new(finding::role(found.class), headline)
            .with(Role::Plain, blank)
            .with(Role::Dim, count),
    ];
    let room = width.saturating_sub(2);
    let numbers = finding::numbers(found, app.picture(), room, ascii);
    lines.push(Line::new(Role::Plain, "  ").with_all(numbers));
    let fix = wrap(&format!("Fix: {}", words::printable(&found.fix)), room);
    // Reason and fix share what is left; the fix is the one to be cut last.
    let left = height.saturating_sub(lines.len());
    let fix_lines = fix.len().min(left.div_ceil(2));
    let reason_lines = left.saturating_sub(fix_lines);
    lines.extend(cut(wrap(&finding::reason(found), room), reason_lines, room, ascii));
    lines.extend(cut(fix, left.saturating_sub(lines.len().saturating_sub(2)), room, ascii));
    lines
}

/// At most `most` of the lines, indented, with a mark at the end if some are left out.
fn cut(mut lines: Vec<String>, most: usize, width: usize, ascii: bool) -> Vec<Line> {
    let more = lines.len() > most;
    lines.truncate(most);
    if more && let Some(last) = lines.last_mut() {
        last.push_str(if ascii { " .." } else { " …" });
        *last = head(last, width, ascii);
    }
    lines.into_iter().map(|text| Line::new(Role::Plain, format!("  {text}"))).collect()
}

/// Nothing is accused: everything was judged, or it takes a while, or it cannot be.
fn all_clear(report: &Report, width: usize) -> Vec<Line> {
    let unknown = report.sites.iter().filter_map(|(_, verdict)| match verdict {
        SiteVerdict::Unknown { judged_in, .. } => Some(*judged_in),
        _ => None,
    });
    let pending: Vec<Option<Duration>> = unknown.collect();
    let longest = pending.iter().flatten().max();
    let tracked = report.tracked.map_or_else(|| "unknown".to_owned(), words::count);
    let alive = report.alive.map_or_else(|| "unknown".to_owned(), words::count);
    let (role, first) = match (report.verdict, longest) {
        (Verdict::Inconclusive, _) => {
            let why = report.reasons.first().map_or("too little is known", String::as_str);
            (Role::Bad, format!("Inconclusive: {}", words::printable(why)))
        }
        (_, Some(left)) => {
            let judged = report.sites.len() - pending.len();
            let of = words::counted(report.sites.len() as u64, "site");
            let left = finding::countdown(*left);
            (
                Role::Plain,
                format!(
                    "Judging: {judged} of {of} judged so far, the rest within {left}; no suspects yet"
                ),
            )
        }
        (_, None) if !pending.is_empty() => {
            let sites = words::counted(pending.len() as u64, "site");
            (
                Role::Plain,
                format!("No suspects so far; {sites} cannot be judged yet: see the table"),
            )
        }
        (_, None) => (Role::Good, format!("No suspects: {tracked} of {alive} tasks judged")),
    };
    wrap(&first, width).into_iter().map(|text| Line::new(role, text)).collect()
}
