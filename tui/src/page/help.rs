//! The keys that are valid on the screen below, from the table of keys, and what the marks mean.

use stranded_analysis::report::Class;

use super::finding;
use crate::app::App;
use crate::keymap::{self, Mode};
use crate::text::{Line, Role, head};
use crate::theme;

/// Width of the column of keys.
const KEYS: usize = 14;

/// The help.
pub(super) fn lines(app: &App, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    section(app, app.mode_below(), width, &mut lines);
    lines.push(Line::default());
    lines.push(Line::new(Role::Heading, "While typing a filter"));
    section(app, Mode::Filter, width, &mut lines);
    lines.push(Line::default());
    lines.push(Line::new(Role::Heading, "Verdicts"));
    let ascii = app.settings.ascii;
    for (class, meaning) in [
        (Class::Proven, "cannot run again unless somebody aborts it"),
        (Class::Likely, "grows, or breaks an expectation of its site"),
        (Class::Watch, "odd, but not accused"),
    ] {
        let word = format!("  {} {}", theme::class_mark(class, ascii), finding::word(class));
        lines.push(
            Line::new(finding::role(class), format!("{word:<KEYS$}")).with(Role::Plain, meaning),
        );
    }
    for (word, meaning) in [
        ("ok", "judged, and fine"),
        ("unknown", "not judgeable yet: no norm, too little history"),
        ("6s", "a candidate: confirmed in 6 seconds if it holds"),
    ] {
        lines.push(Line::new(Role::Plain, format!("{:<KEYS$}{meaning}", format!("  {word}"))));
    }
    lines
}

fn section(app: &App, mode: Mode, width: usize, lines: &mut Vec<Line>) {
    for (binding, unmet) in keymap::in_mode(mode, app) {
        let keys: Vec<String> = binding.keys.iter().map(|keys| keymap::spell(keys)).collect();
        let keys = format!("  {:<1$}", keys.join(" "), KEYS - 2);
        let text = head(binding.help, width.saturating_sub(KEYS), app.settings.ascii);
        lines.push(match unmet.filter(|_| mode != Mode::Filter) {
            Some(reason) => Line::new(Role::Dim, format!("{keys}{text} (not now: {reason})")),
            None => Line::new(Role::Key, keys).with(Role::Plain, text),
        });
    }
}
