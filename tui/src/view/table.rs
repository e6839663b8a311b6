//! Tables: columns that give way by rank when it gets narrow.

use unicode_width::UnicodeWidthStr;

use super::Canvas;
use crate::text::{Line, Role, head, tail};

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub title: String,
    pub width: Width,
    /// The least important go first; 0 never goes.
    pub rank: u8,
    pub align: Align,
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Fixed(usize),
    /// As wide as its content, but no narrower and no wider than this.
    Flexible(usize, usize),
}

/// Where a cell's text stands, and which end of it is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    /// Left, but the end is kept: of a path it tells more.
    LeftKeepEnd,
    Right,
}

/// A cell's text and role.
pub(super) type Cell = (String, Role);

/// A table ready to be drawn.
pub(super) struct Table {
    pub columns: Vec<Column>,
    /// The rows in sight.
    pub rows: Vec<Vec<Cell>>,
    /// The selected one among them.
    pub selected: Option<usize>,
    pub ascii: bool,
}

impl Table {
    /// Draws heading and rows from line `y` on, in `width` cells.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, y: u16, width: usize) {
        // Column 0 belongs to the mark of the selected row.
        let shown = self.fit(width.saturating_sub(1));
        let heading =
            self.line(&shown, |column| (self.columns[column].title.clone(), Role::Heading));
        canvas.put(0, y, &prefixed(" ", heading));
        for ((at, row), y) in self.rows.iter().enumerate().zip(y + 1..) {
            let line = self.line(&shown, |column| row[column].clone());
            if self.selected == Some(at) {
                canvas.put_selected(y, &prefixed(">", line));
            } else {
                canvas.put(0, y, &prefixed(" ", line));
            }
        }
    }

    /// Which columns are shown, and how wide.
    fn fit(&self, width: usize) -> Vec<(usize, usize)> {
        let least = |at: &usize| match self.columns[*at].width {
            Width::Fixed(cells) | Width::Flexible(cells, _) => cells,
        };
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        let needed =
            |shown: &[usize]| shown.iter().map(|at| least(at) + 1).sum::<usize>().saturating_sub(1);
        while needed(&shown) > width {
            let droppable = shown.iter().copied().filter(|at| self.columns[*at].rank > 0);
            let Some(worst) = droppable.max_by_key(|at| self.columns[*at].rank) else { break };
            shown.retain(|at| *at != worst);
        }
        let mut spare = width.saturating_sub(needed(&shown));
        let mut widths: Vec<(usize, usize)> = shown.iter().map(|at| (*at, least(at))).collect();
        // Flexible columns take turns cell by cell, so that each gets its share of what is left.
        let mut hungry = true;
        while spare > 0 && hungry {
            hungry = false;
            for (at, cells) in &mut widths {
                if spare > 0 && *cells < self.desired(*at) {
                    *cells += 1;
                    spare -= 1;
                    hungry = true;
                }
            }
        }
        widths
    }

    /// How wide a column would like to be.
    fn desired(&self, column: usize) -> usize {
        match self.columns[column].width {
            Width::Fixed(cells) => cells,
            Width::Flexible(_, most) => {
                let content = self.rows.iter().map(|row| row[column].0.width()).max().unwrap_or(0);
                content.max(self.columns[column].title.width()).min(most)
            }
        }
    }

    fn line(&self, shown: &[(usize, usize)], cell: impl Fn(usize) -> Cell) -> Line {
        let mut line = Line::default();
        for (place, &(column, width)) in shown.iter().enumerate() {
            let (text, role) = cell(column);
            let align = self.columns[column].align;
            let text = match align {
                Align::LeftKeepEnd => tail(&text, width, self.ascii),
                Align::Left | Align::Right => head(&text, width, self.ascii),
            };
            let blank = " ".repeat(width.saturating_sub(text.width()));
            if place > 0 {
                line.push(Role::Plain, " ");
            }
            if align == Align::Right {
                line.push(Role::Plain, blank);
                line.push(role, text);
            } else {
                line.push(role, text);
                line.push(Role::Plain, blank);
            }
        }
        line
    }
}

fn prefixed(mark: &str, line: Line) -> Line {
    let mut whole = Line::new(Role::Plain, mark);
    whole.0.extend(line.0);
    whole
}
