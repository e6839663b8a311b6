//! A table: its rows in order, where its cursor is, how it is sorted and filtered.

use super::{Cursor, Filter};

/// Rows with a cursor that follows a row's id, not its place.
#[derive(Clone, Debug)]
pub(crate) struct Table<Id, Row, Column> {
    rows: Vec<Row>,
    ids: Vec<Id>,
    pub cursor: Cursor<Id>,
    pub column: Column,
    pub descending: bool,
    pub filter: Filter,
}

impl<Id: Copy + PartialEq, Row, Column: Copy + PartialEq> Table<Id, Row, Column> {
    /// An empty table, sorted by `column`, largest first.
    pub(crate) fn new(column: Column) -> Self {
        Self {
            rows: Vec::new(),
            ids: Vec::new(),
            cursor: Cursor::default(),
            column,
            descending: true,
            filter: Filter::default(),
        }
    }

    /// The same table, with another filter.
    pub(crate) fn filtered_by(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn set_rows(&mut self, rows: Vec<Row>, id: impl Fn(&Row) -> Id) {
        self.ids = rows.iter().map(id).collect();
        self.rows = rows;
    }

    pub(crate) fn selected(&self) -> Option<&Row> {
        self.rows.get(self.cursor.place())
    }

    pub(crate) fn move_by(&mut self, by: isize) {
        self.cursor.move_by(by, &self.ids);
    }

    /// Finds the selected row again and scrolls it into sight.
    pub(crate) fn settle(&mut self, height: usize) {
        self.cursor.settle(&self.ids, height);
    }

    /// Sorts by the column `by` places beside the present one, round and round.
    pub(crate) fn sort_beside(&mut self, by: isize, columns: &[Column]) {
        let place = columns.iter().position(|column| *column == self.column).unwrap_or(0);
        let next = place.checked_add_signed(by).unwrap_or(columns.len() - 1) % columns.len();
        self.column = columns[next];
    }
}
