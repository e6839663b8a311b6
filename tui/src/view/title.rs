//! The line above a table: which screen, which order.

use stranded_analysis::facts::TaskColumn;

use crate::app::{App, Screen};
use crate::text::{Line, Parts, Role};

/// The line.
pub(super) fn line(app: &App, width: usize) -> Line {
    let mut parts = Parts::default();
    let on_sites = app.screen() == Screen::Sites;
    for (label, here) in
        [("1 Sites", on_sites), ("2 Tasks", matches!(app.screen(), Screen::Tasks { .. }))]
    {
        let role = if here { Role::Strong } else { Role::Dim };
        let label = if here { format!("[{label}]") } else { format!(" {label} ") };
        parts.add(0, Line::new(role, label));
    }
    match app.screen() {
        Screen::Sites => {
            parts
                .add(1, Line::new(Role::Plain, app.sites.column.order_words(app.sites.descending)));
        }
        Screen::Tasks { .. } => {
            parts
                .add(1, Line::new(Role::Plain, task_order(app.tasks.column, app.tasks.descending)));
        }
        _ => {}
    }
    parts.fit(width)
}

fn task_order(column: TaskColumn, descending: bool) -> &'static str {
    match (column, descending) {
        (TaskColumn::Id, true) => "highest id first",
        (TaskColumn::Id, false) => "lowest id first",
        (TaskColumn::State, true) => "by state, parked first",
        (TaskColumn::State, false) => "by state, running first",
        (TaskColumn::Age, true) => "oldest first",
        (TaskColumn::Age, false) => "youngest first",
        (TaskColumn::Parked, true) => "longest parked first",
        (TaskColumn::Parked, false) => "shortest parked first",
        (TaskColumn::Polls, true) => "most polls first",
        (TaskColumn::Polls, false) => "fewest polls first",
        (TaskColumn::Busy, true) => "most busy first",
        (TaskColumn::Busy, false) => "least busy first",
        (TaskColumn::Scheduled, true) => "longest scheduled first",
        (TaskColumn::Scheduled, false) => "shortest scheduled first",
        (TaskColumn::Wakers, true) => "most live wakers first",
        (TaskColumn::Wakers, false) => "fewest live wakers first",
        (TaskColumn::Wakes, true) => "most wakes first",
        (TaskColumn::Wakes, false) => "fewest wakes first",
        (TaskColumn::Size, true) => "largest future first",
        (TaskColumn::Size, false) => "smallest future first",
        (TaskColumn::Site, true) => "by site, z to a",
        (TaskColumn::Site, false) => "by site, a to z",
        (TaskColumn::Name, true) => "by name, z to a",
        (TaskColumn::Name, false) => "by name, a to z",
    }
}
