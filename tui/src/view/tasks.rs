//! The table of tasks, or the sentence that stands for an empty one.

use stranded_analysis::facts::TaskColumn;
use stranded_analysis::words;

use super::Canvas;
use super::sites::verdict;
use super::table::{Align, Column, Table, Width};
use crate::app::{App, Screen, Standing, TaskRow};
use crate::text::{Line, Role, wrap};
use crate::theme;

/// Draws heading and rows, or why there are none.
pub(super) fn draw(canvas: &mut Canvas<'_>, app: &App, y: u16, rows: usize) {
    if app.tasks.rows().is_empty() {
        let width = usize::from(app.size.width.saturating_sub(2));
        for (text, y) in wrap(&empty(app), width).into_iter().zip(y..) {
            canvas.put(1, y, &Line::new(Role::Plain, text));
        }
        return;
    }
    let table = Table {
        columns: columns(app),
        rows: app.tasks.rows().iter().map(|row| cells(row, app.settings.ascii)).collect(),
        top: app.tasks.cursor.top,
        selected: Some(app.tasks.cursor.place()),
        ascii: app.settings.ascii,
    };
    table.draw(canvas, y, usize::from(app.size.width), rows);
}

fn columns(app: &App) -> Vec<Column> {
    use Align::{Left, LeftKeepEnd, Right};
    use Width::{Fixed, Flexible};

    let column = |ids: &[TaskColumn], title: &str, width, rank, align| {
        let mark = theme::sort_mark(app.tasks.descending, app.settings.ascii);
        let sorted = ids.contains(&app.tasks.column);
        Column {
            title: if sorted { format!("{title}{mark}") } else { title.to_owned() },
            width,
            rank,
            align,
        }
    };
    let mut columns = vec![
        column(&[], "VERDICT", Fixed(8), 4, Left),
        column(&[TaskColumn::Id], "TASK", Fixed(8), 0, Right),
        column(&[TaskColumn::State, TaskColumn::Parked], "STATE", Fixed(17), 0, Left),
        column(&[TaskColumn::Name], "NAME", Flexible(6, 24), 7, Left),
        column(&[TaskColumn::Age], "AGE", Fixed(7), 8, Right),
        column(&[TaskColumn::Polls], "POLLS", Fixed(7), 5, Right),
        column(&[TaskColumn::Wakers, TaskColumn::Wakes], "WAKERS", Fixed(7), 3, Right),
        column(&[TaskColumn::Busy, TaskColumn::Scheduled], "BUSY", Fixed(6), 9, Right),
        column(&[], "WAITS AT", Flexible(18, 40), 1, Left),
        column(&[], "LAST WAKE", Flexible(15, 24), 6, Left),
        column(&[TaskColumn::Size], "SIZE", Fixed(8), 11, Right),
    ];
    if app.screen() == (Screen::Tasks { site: None }) {
        columns.push(column(&[TaskColumn::Site], "SPAWN SITE", Flexible(12, 40), 2, LeftKeepEnd));
    }
    columns
}

fn cells(row: &TaskRow, ascii: bool) -> Vec<(String, Role)> {
    let standing = match row.standing {
        Standing::Fine | Standing::Unknown => ("none".to_owned(), Role::Dim),
        accused @ (Standing::Accused { .. } | Standing::Accepted) => verdict(accused, ascii),
    };
    let unknown = || "unknown".to_owned();
    let plain = |text: String| (text, Role::Plain);
    vec![
        standing,
        plain(row.id.0.to_string()),
        plain(row.state.clone()),
        if row.name.is_empty() {
            ("unnamed".to_owned(), Role::Dim)
        } else {
            plain(row.name.clone())
        },
        plain(words::duration(row.age)),
        plain(words::count(row.polls)),
        match row.wakers {
            Some(0) => ("0".to_owned(), Role::Strong),
            Some(wakers) => plain(words::count(wakers)),
            None => plain(unknown()),
        },
        plain(words::duration(row.busy)),
        plain(row.waits.clone()),
        plain(row.woken.clone()),
        plain(row.bytes.map_or_else(unknown, words::bytes)),
        plain(row.site.clone()),
    ]
}

/// Why there are no rows, and what to do next.
fn empty(app: &App) -> String {
    if app.tasks.filter.is_set() {
        let filter = words::printable(app.tasks.filter.good());
        return format!("0 tasks match `{filter}`. Esc clears the filter.");
    }
    if app.picture().model.census().is_none() || app.asked.limit == 0 {
        return "The rows have not arrived yet.".to_owned();
    }
    if app.frozen.is_some() {
        return "These rows were not in sight when the view was frozen. Space goes on.".to_owned();
    }
    if !app.link.is_live(app.now) {
        return "These rows have not arrived: the target does not answer now.".to_owned();
    }
    match app.picture().model.window().matched {
        0 => "No live task here now. Esc goes back.".to_owned(),
        _ => "The rows have not arrived yet.".to_owned(),
    }
}
