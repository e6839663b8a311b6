//! Tables: columns that give way by rank when it gets narrow.

use unicode_width::UnicodeWidthStr;

use super::Canvas;
use crate::text::{Line, Role, head, tail};

/// From this rank on a column is shown only if no text beside it has to be cut for it.
const LUXURY: u8 = 6;

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
    /// All rows: the widths must not change while they scroll by.
    pub rows: Vec<Vec<Cell>>,
    /// The first row in sight.
    pub top: usize,
    pub selected: Option<usize>,
    pub ascii: bool,
}

impl Table {
    /// Draws heading and rows into `width` cells and the lines from `y` on.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, y: u16, width: usize, rows: usize) {
        // Column 0 belongs to the mark of the selected row.
        let shown = self.fit(width.saturating_sub(1));
        let heading =
            self.line(&shown, |column| (self.columns[column].title.clone(), Role::Heading));
        canvas.put(0, y, &prefixed(" ", heading));
        let in_sight = self.rows.iter().enumerate().skip(self.top).take(rows);
        for ((at, row), y) in in_sight.zip(y + 1..) {
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
        let desired: Vec<usize> = (0..self.columns.len()).map(|at| self.desired(at)).collect();
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        while let Some(worst) = self.least_important(&shown) {
            let needed = if self.columns[worst].rank >= LUXURY {
                total(&shown, |at| desired[at])
            } else {
                total(&shown, |at| self.least(at))
            };
            if needed <= width {
                break;
            }
            shown.retain(|at| *at != worst);
        }
        let mut spare = width.saturating_sub(total(&shown, |at| self.least(at)));
        let mut widths: Vec<(usize, usize)> =
            shown.iter().map(|at| (*at, self.least(*at))).collect();
        // Flexible columns take turns cell by cell, so that each gets its share of what is left.
        let mut hungry = true;
        while spare > 0 && hungry {
            hungry = false;
            for (at, cells) in &mut widths {
                if spare > 0 && *cells < desired[*at] {
                    *cells += 1;
                    spare -= 1;
                    hungry = true;
                }
            }
        }
        widths
    }

    /// The first of the shown columns to go, if any may.
    fn least_important(&self, shown: &[usize]) -> Option<usize> {
        let droppable = shown.iter().copied().filter(|at| self.columns[*at].rank > 0);
        droppable.max_by_key(|at| self.columns[*at].rank)
    }

    fn least(&self, column: usize) -> usize {
        match self.columns[column].width {
            Width::Fixed(cells) | Width::Flexible(cells, _) => cells,
        }
    }

    /// How wide a column would like to be.
    fn desired(&self, column: usize) -> usize {
        match self.columns[column].width {
            Width::Fixed(cells) => cells,
            Width::Flexible(least, most) => {
                let content = self.rows.iter().map(|row| row[column].0.width()).max().unwrap_or(0);
                content.max(self.columns[column].title.width()).clamp(least, most)
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

/// The cells that these columns take, with a blank between two of them.
fn total(shown: &[usize], width: impl Fn(usize) -> usize) -> usize {
    shown.iter().map(|at| width(*at) + 1).sum::<usize>().saturating_sub(1)
}

fn prefixed(mark: &str, line: Line) -> Line {
    let mut whole = Line::new(Role::Plain, mark);
    whole.0.extend(line.0);
    whole
}
