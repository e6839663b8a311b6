//! Screens that are text: built as lines with roles, so that they can be scrolled before they are drawn.

mod explain;
pub(crate) mod finding;
mod help;
mod stack;
mod task;

use crate::app::{App, Layout, Screen};
use crate::msg::Size;
use crate::text::Line;

/// The widest screen that a popup fills; on a wider one it keeps to the middle.
const POPUP_FILLS: u16 = 128;

/// A text and where it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub title: String,
    pub lines: Vec<Line>,
    /// The cells of its text.
    pub size: Size,
    pub scroll: u16,
}

impl Page {
    /// How many lines are below what is in sight.
    pub(crate) fn below(&self) -> u16 {
        let lines = u16::try_from(self.lines.len()).unwrap_or(u16::MAX);
        lines.saturating_sub(self.scroll).saturating_sub(self.size.height)
    }
}

/// The text of `screen`, if it is one that shows text.
pub(crate) fn page(app: &App, screen: Screen) -> Option<Page> {
    let size = if screen.is_popup() { popup(app.size) } else { body(app) };
    let width = usize::from(size.width);
    let (title, lines, scroll) = match screen {
        Screen::Task { id, scroll } => (String::new(), task::lines(app, id, width), scroll),
        Screen::Explain { site, rule, scroll } => {
            (format!("{} explained", rule.0), explain::lines(app, site, rule, width), scroll)
        }
        Screen::Help { scroll } => ("keys".to_owned(), help::lines(app, width), scroll),
        Screen::Sites | Screen::Tasks { .. } => return None,
    };
    Some(Page { title, lines, size, scroll })
}

/// How far the topmost screen can be scrolled until its last line is in sight.
pub(crate) fn furthest_scroll(app: &App) -> u16 {
    page(app, app.top()).map_or(0, |page| {
        let beyond = page.lines.len().saturating_sub(usize::from(page.size.height));
        u16::try_from(beyond).unwrap_or(u16::MAX)
    })
}

/// The text inside a popup's border.
fn popup(size: Size) -> Size {
    Size {
        width: size.width.min(POPUP_FILLS).saturating_sub(4),
        height: size.height.saturating_sub(4),
    }
}

fn body(app: &App) -> Size {
    Size { width: app.size.width.saturating_sub(2), height: Layout::of(app).body }
}
