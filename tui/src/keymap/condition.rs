//! When a key does something, and what the help says when it does not.

use crate::app::{App, Screen};

/// What has to hold for a binding to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always,
    RowSelected,
    FindingSelected,
    Disconnected,
    SomethingToUndo,
}

impl Condition {
    /// Why it does not hold, if it does not.
    pub(crate) fn unmet(self, app: &App) -> Option<&'static str> {
        let (holds, otherwise) = match self {
            Self::Always => (true, ""),
            Self::RowSelected => (row_selected(app), "no row is selected"),
            Self::FindingSelected => (app.selected_finding().is_some(), "nothing here is accused"),
            Self::Disconnected => (!app.link.is_live(app.now), "the link is live"),
            Self::SomethingToUndo => (something_to_undo(app), "nothing to undo"),
        };
        (!holds).then_some(otherwise)
    }
}

fn row_selected(app: &App) -> bool {
    match app.screen() {
        Screen::Sites => app.sites.selected().is_some(),
        Screen::Tasks { .. } => app.tasks.selected().is_some(),
        _ => false,
    }
}

fn something_to_undo(app: &App) -> bool {
    app.stack.len() > 1
        || app.frozen.is_some()
        || app.filter().is_some_and(|filter| filter.is_set())
        || app.sites.cursor.is_chosen()
        || app.notice.is_some()
}
