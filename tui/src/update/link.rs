//! What the link says.

use stranded_analysis::facts::{TaskId, Update};
use stranded_analysis::model::Applied;

use super::refresh;
use crate::app::{App, Screen};
use crate::link::event::LinkEvent;

/// Takes note of what the link said.
pub(super) fn heard(app: &mut App, event: LinkEvent) {
    app.link.note(&event, app.now);
    if let LinkEvent::Update(update) = event {
        take_in(app, *update);
    }
}

fn take_in(app: &mut App, update: Update) {
    let complete = update.complete;
    let changes = (update.sites.len() + update.tasks.len() + update.ended.len()) as u64;
    let watched = watched(app);
    let applied = app.live.apply(update, &watched, &app.settings.policy);
    if applied == Applied::NewBoot {
        meet_new_process(app);
    }
    match &mut app.frozen {
        Some(frozen) => frozen.behind += changes,
        None if complete => refresh(app),
        None => {}
    }
}

/// The tasks on which a screen is open: they stay, as they were, when they end.
fn watched(app: &App) -> Vec<TaskId> {
    let open = |screen: &Screen| match *screen {
        Screen::Task { id, .. } => Some(id),
        _ => None,
    };
    app.stack.iter().filter_map(open).collect()
}

/// Ids mean nothing across a restart, so neither selection nor screens carry over. A frozen screen does: it is kept
/// on purpose.
fn meet_new_process(app: &mut App) {
    let boot = app.live.model.boot().map(|boot| boot.to_string()).unwrap_or_default();
    let short = boot.get(boot.len().saturating_sub(4)..).unwrap_or(&boot);
    let meaning = if app.frozen.is_some() {
        "this frozen view shows the old one; space goes on"
    } else {
        app.stack.truncate(1);
        app.sites.cursor.release();
        app.tasks.cursor.release();
        "the target restarted; the old data is gone"
    };
    app.notice = Some(format!("NEW PROCESS, boot {short}: {meaning}"));
}
