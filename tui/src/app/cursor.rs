//! A table's cursor: which row is selected, by id, and which rows are in sight.

/// Where the cursor of a table is.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<Id> {
    /// The selected row; `None` until the user chooses one: then it is the first, whichever that is.
    chosen: Option<Id>,
    /// Its place among the rows, kept for the moment when the row goes away.
    place: usize,
    /// The first row in sight.
    pub top: usize,
}

impl<Id> Default for Cursor<Id> {
    fn default() -> Self {
        Self { chosen: None, place: 0, top: 0 }
    }
}

impl<Id: Copy + PartialEq> Cursor<Id> {
    /// The place of the selected row.
    pub(crate) fn place(&self) -> usize {
        self.place
    }

    /// Whether the user has chosen a row.
    pub(crate) fn is_chosen(&self) -> bool {
        self.chosen.is_some()
    }

    /// Back to the first row, whichever that is.
    pub(crate) fn release(&mut self) {
        *self = Self::default();
    }

    /// Chooses the row `by` rows away from the selected one.
    pub(crate) fn move_by(&mut self, by: isize, rows: &[Id]) {
        let last = rows.len().saturating_sub(1);
        self.place = self.place.saturating_add_signed(by).min(last);
        self.chosen = rows.get(self.place).copied();
    }

    /// Finds the chosen row again among `rows`, and scrolls so that it is one of the `height` in sight.
    ///
    /// A row that is gone leaves the cursor at its place.
    pub(crate) fn settle(&mut self, rows: &[Id], height: usize) {
        if let Some(chosen) = self.chosen {
            if let Some(place) = rows.iter().position(|id| *id == chosen) {
                self.place = place;
            } else {
                self.place = self.place.min(rows.len().saturating_sub(1));
                self.chosen = rows.get(self.place).copied();
            }
        } else {
            self.place = 0;
        }
        let height = height.max(1);
        let lowest = self.place.saturating_sub(height - 1);
        self.top =
            self.top.clamp(lowest, self.place).min(rows.len().saturating_sub(height).max(lowest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_stays_selected_when_the_order_changes() {
        let mut cursor = Cursor::default();
        cursor.move_by(2, &[10, 20, 30, 40]);
        cursor.settle(&[30, 40, 20, 10], 4);
        assert_eq!(cursor.place(), 0);
    }

    #[test]
    fn without_a_choice_the_first_row_is_selected_whichever_it_is() {
        let mut cursor = Cursor::default();
        cursor.settle(&[10, 20], 4);
        cursor.settle(&[20, 10], 4);
        assert_eq!(cursor.place(), 0);
        assert!(!cursor.is_chosen());
    }

    #[test]
    fn a_row_that_goes_away_leaves_the_cursor_at_its_place() {
        let mut cursor = Cursor::default();
        cursor.move_by(1, &[10, 20, 30]);
        cursor.settle(&[10, 30], 4);
        assert_eq!(cursor.place(), 1);
        cursor.settle(&[10], 4);
        assert_eq!(cursor.place(), 0);
        cursor.settle(&[], 4);
        assert_eq!(cursor.place(), 0);
    }

    #[test]
    fn the_selected_row_is_always_in_sight() {
        let rows: Vec<u32> = (0..50).collect();
        let mut cursor = Cursor::default();
        for (by, height) in [(49, 10), (-3, 10), (-40, 10), (30, 3), (0, 50), (0, 1)] {
            cursor.move_by(by, &rows);
            cursor.settle(&rows, height);
            assert!((cursor.top..cursor.top + height).contains(&cursor.place()));
        }
    }
}
