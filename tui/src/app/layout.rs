//! How many lines each part of a screen gets: settled here, so that scrolling and drawing agree.

use super::{App, Screen};
use crate::msg::Size;

/// Below this, one line says how much room is needed.
pub(crate) const SMALLEST: Size = Size { width: 40, height: 8 };
/// From here on the columns and the pane of the wide screen are shown.
const WIDE: Size = Size { width: 120, height: 32 };
/// Lines of the pane about the selected site.
const PANE: u16 = 14;

/// The lines of each part, from top to bottom; 0 leaves it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub header: u16,
    /// What happened to the link or the target, if anything did.
    pub news: u16,
    /// Blank lines around the banner.
    pub gap: u16,
    pub banner: u16,
    pub title: u16,
    /// The table with its heading, or the text.
    pub body: u16,
    pub pane: u16,
    pub status: u16,
    pub footer: u16,
}

impl Layout {
    /// The layout of the topmost screen that is no popup.
    pub(crate) fn of(app: &App) -> Self {
        let Size { width, height } = app.size;
        let wide = width >= WIDE.width && height >= WIDE.height;
        let mut layout = Self {
            header: if height >= 12 { 3 } else { 2 },
            news: news(app),
            gap: u16::from(height >= 22),
            banner: 0,
            title: u16::from(height >= 18),
            body: 0,
            pane: 0,
            status: u16::from(height >= 12),
            footer: 1,
        };
        match app.screen() {
            Screen::Sites => {
                layout.banner = banner(height, app.banner_finding().is_some() || app.is_blind());
                layout.pane = if wide && app.selected_site().is_some() { PANE } else { 0 };
            }
            Screen::Tasks { .. } => {
                layout.banner = if height < 12 || app.banner_finding().is_none() { 0 } else { 2 };
            }
            _ => (layout.status, layout.title) = (0, 0),
        }
        if layout.banner == 0 {
            layout.gap = 0;
        }
        let rest = layout.header
            + layout.news
            + 2 * layout.gap
            + layout.banner
            + layout.title
            + layout.pane
            + layout.status
            + layout.footer;
        layout.body = height.saturating_sub(rest);
        layout
    }

    /// Rows of the table in sight.
    pub(crate) fn rows(self) -> usize {
        usize::from(self.body.saturating_sub(1))
    }
}

/// Lines of the news: all of them, but never so many that no row is left.
fn news(app: &App) -> u16 {
    let lines = u16::try_from(app.news(usize::from(app.size.width.saturating_sub(2))).len());
    lines.unwrap_or(u16::MAX).min(app.size.height / 5)
}

/// Lines of the banner: a finding has a headline, its numbers, its reason and its fix.
fn banner(height: u16, much_to_say: bool) -> u16 {
    match (much_to_say, height) {
        (_, ..12) => 1,
        (false, _) => 2,
        (true, 12..18) => 3,
        (true, 18..24) => 5,
        (true, 24..) => 6,
    }
}

/// Whether a terminal is large enough for more than one line.
pub(crate) fn is_large_enough(size: Size) -> bool {
    size.width >= SMALLEST.width && size.height >= SMALLEST.height
}
