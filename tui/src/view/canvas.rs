//! The buffer of a frame, with text clipped to it.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::text::Line;
use crate::theme;

/// Where the view draws.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buffer: &'a mut Buffer) -> Self {
        Self { buffer }
    }

    /// Puts a line of text; what is outside is left out.
    pub(super) fn put(&mut self, x: u16, y: u16, line: &Line) {
        self.put_styled(x, y, line, |style| style);
    }

    /// Puts a line of text across the whole width, as the selected row.
    pub(super) fn put_selected(&mut self, y: u16, line: &Line) {
        let area = self.buffer.area;
        if y < area.height {
            let blank = " ".repeat(usize::from(area.width));
            self.buffer.set_string(0, y, blank, theme::selected(Style::new()));
            self.put_styled(0, y, line, theme::selected);
        }
    }

    fn put_styled(&mut self, x: u16, y: u16, line: &Line, change: impl Fn(Style) -> Style) {
        let area = self.buffer.area;
        let mut x = x;
        for span in &line.0 {
            if x >= area.width || y >= area.height {
                return;
            }
            let room = usize::from(area.width - x);
            self.buffer.set_stringn(x, y, &span.text, room, change(theme::style(span.role)));
            x = x.saturating_add(u16::try_from(span.text.width()).unwrap_or(u16::MAX));
        }
    }

    /// Blanks a rectangle.
    pub(super) fn clear(&mut self, x: u16, y: u16, width: u16, height: u16) {
        let area = self.buffer.area;
        for row in y..y.saturating_add(height).min(area.height) {
            for column in x..x.saturating_add(width).min(area.width) {
                self.buffer[(column, row)].reset();
            }
        }
    }

    /// Shows lines as data that no longer comes.
    pub(super) fn stale(&mut self, rows: Range<u16>) {
        theme::stale(self.buffer, rows);
    }
}
