//! How roles and marks look: the only place that names a colour.
//!
//! Colour never carries a meaning alone: every class also differs by its word, its mark and a modifier. The
//! background is never set but by reversing, so that it works on light and dark terminals alike.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use stranded_analysis::report::Class;

use crate::text::Role;

/// The look of a role.
pub(crate) fn style(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Plain | Role::Good => style,
        Role::Dim => style.add_modifier(Modifier::DIM),
        Role::Strong | Role::Heading => style.add_modifier(Modifier::BOLD),
        Role::Proven => style.fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Likely => style.fg(Color::Yellow).add_modifier(Modifier::UNDERLINED),
        Role::Watch => style.fg(Color::Magenta),
        Role::Bad => style.fg(Color::Yellow).add_modifier(Modifier::BOLD),
        Role::Key => style.fg(Color::Cyan),
        Role::Place => style.fg(Color::Cyan).add_modifier(Modifier::BOLD),
    }
}

/// The look of the selected row.
pub(crate) fn selected(style: Style) -> Style {
    style.remove_modifier(Modifier::DIM).add_modifier(Modifier::REVERSED)
}

/// The look of data that no longer comes.
pub(crate) fn stale(buffer: &mut Buffer, rows: std::ops::Range<u16>) {
    let width = buffer.area.width;
    for y in rows.start..rows.end.min(buffer.area.height) {
        for x in 0..width {
            buffer[(x, y)].modifier.insert(Modifier::DIM);
        }
    }
}

/// Takes every colour away and leaves the modifiers.
///
/// crossterm replaces colours by a full reset if `NO_COLOR` is set, which takes the reversed selection away with
/// them; without colours in the buffer it has nothing to replace.
pub(crate) fn strip_colors(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        cell.fg = Color::Reset;
        cell.bg = Color::Reset;
    }
}

/// The mark of a class.
pub(crate) fn class_mark(class: Class, ascii: bool) -> &'static str {
    match (class, ascii) {
        (Class::Proven, false) => "▲",
        (Class::Proven, true) => "!",
        (Class::Likely, false) => "△",
        (Class::Likely, true) => "?",
        (Class::Watch, false) => "◇",
        (Class::Watch, true) => "~",
    }
}

/// The mark of the column that a table is sorted by.
pub(crate) fn sort_mark(descending: bool, ascii: bool) -> &'static str {
    match (descending, ascii) {
        (true, false) => "↓",
        (false, false) => "↑",
        (true, true) => "v",
        (false, true) => "^",
    }
}

/// A horizontal rule.
pub(crate) fn rule(cells: usize, ascii: bool) -> String {
    if ascii { "-" } else { "─" }.repeat(cells)
}

/// The upper and the lower edge of a frame.
pub(crate) fn frame(cells: usize, ascii: bool) -> [String; 2] {
    let inner = rule(cells.saturating_sub(2), ascii);
    if ascii {
        [format!("+{inner}+"), format!("+{inner}+")]
    } else {
        [format!("┌{inner}┐"), format!("└{inner}┘")]
    }
}

/// The side of a frame.
pub(crate) fn side(ascii: bool) -> &'static str {
    if ascii { "|" } else { "│" }
}

/// What stands between the steps of a path.
pub(crate) fn step(ascii: bool) -> &'static str {
    if ascii { " > " } else { " › " }
}

/// A line of small bars, each relative to the largest.
pub(crate) fn sparkline(values: &[u64], ascii: bool) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];
    let bars = if ascii { ASCII } else { BARS };
    let top = values.iter().copied().max().unwrap_or(0).max(1);
    values.iter().map(|value| bars[(value * 7).div_ceil(top).min(7) as usize]).collect()
}
