//! The keys that are valid on the screen below, from the table of keys, and what the marks mean.

use stranded_analysis::report::Class;

use super::finding;
use crate::app::App;
use crate::keymap::{self, Mode};
use crate::text::{Line, Role, wrap};
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
        let word = format!("{} {}", theme::class_mark(class, ascii), finding::word(class));
        entry(&mut lines, (finding::role(class), &word), (Role::Plain, meaning), width);
    }
    for (word, meaning) in [
        ("ok", "judged, and fine"),
        ("unknown", "not judgeable yet: no norm, too little history"),
        ("in 6s", "a candidate: confirmed in 6 seconds if it holds"),
    ] {
        entry(&mut lines, (Role::Plain, word), (Role::Plain, meaning), width);
    }
    lines
}

fn section(app: &App, mode: Mode, width: usize, lines: &mut Vec<Line>) {
    for (binding, unmet) in keymap::in_mode(mode, app) {
        let keys: Vec<String> = binding.keys.iter().map(|keys| keymap::spell(keys)).collect();
        let keys = keys.join(" ");
        match unmet.filter(|_| mode != Mode::Filter) {
            Some(reason) => {
                let help = format!("{} (not now: {reason})", binding.help);
                entry(lines, (Role::Dim, &keys), (Role::Dim, &help), width);
            }
            None => entry(lines, (Role::Key, &keys), (Role::Plain, binding.help), width),
        }
    }
}

/// What `word` means, beside it.
fn entry(lines: &mut Vec<Line>, word: (Role, &str), meaning: (Role, &str), width: usize) {
    let rows = wrap(meaning.1, width.saturating_sub(KEYS));
    for (row, text) in rows.into_iter().enumerate() {
        let shown = if row == 0 { word.1 } else { "" };
        let margin = format!("  {shown:<0$}", KEYS - 2);
        lines.push(Line::new(word.0, margin).with(meaning.0, text));
    }
}
