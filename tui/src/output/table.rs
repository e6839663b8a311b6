//! Aligned columns of text that comes from a target.

use stranded_analysis::words::printable;
use unicode_width::UnicodeWidthStr;

/// To which side a column's cells go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under a heading.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: impl IntoIterator<Item = (&'static str, Align)>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row, one cell a column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let row: Vec<_> = cells.into_iter().map(|cell| printable(&cell).into_owned()).collect();
        debug_assert_eq!(row.len(), self.columns.len(), "a cell for each column");
        self.rows.push(row);
    }

    /// The heading and the rows, two blanks between columns, none at the end of a line. Without
    /// rows there is nothing to head.
    pub(crate) fn text(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let heading = self.columns.iter().map(|column| column.0.to_owned()).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&heading).chain(&self.rows).collect();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| lines.iter().map(|line| line[at].width()).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for line in lines {
            let start = text.len();
            for ((cell, &width), (_, align)) in line.iter().zip(&widths).zip(&self.columns) {
                if text.len() > start {
                    text.push_str("  ");
                }
                let blanks = " ".repeat(width - cell.width());
                match align {
                    Align::Left => text.extend([cell.as_str(), &blanks]),
                    Align::Right => text.extend([&blanks, cell.as_str()]),
                }
            }
            text.truncate(text.trim_end_matches(' ').len().max(start));
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_width_and_cells_are_clean() {
        let mut table =
            Table::new([("SITE", Align::Left), ("LIVE", Align::Right), ("ON", Align::Left)]);
        table.row(["src/漢.rs:1".to_owned(), "7".to_owned(), "mpsc\u{1b}[2J recv".to_owned()]);
        table.row(["src/b.rs:12".to_owned(), "182,859".to_owned(), String::new()]);
        assert_eq!(
            table.text(),
            "SITE            LIVE  ON\n\
             src/漢.rs:1        7  mpsc recv\n\
             src/b.rs:12  182,859\n"
        );
    }
}
