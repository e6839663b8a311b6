//! How the state changes: one message at a time, without I/O and without a clock.

mod keys;
mod link;

use crate::app::{App, Layout, Screen, sites, tasks};
use crate::link::event::LinkCommand;
use crate::msg::{Effect, Msg};
use crate::page;

/// Applies one message; what is to be done outside comes back.
pub(crate) fn update(app: &mut App, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Tick(now) => {
            // Only words that changed are worth a frame.
            let before = clock_words(app);
            app.now = now;
            app.changed |= before != clock_words(app);
            return effects;
        }
        Msg::Key(key) => keys::press(app, key, &mut effects),
        Msg::Paste(text) => keys::paste(app, &text),
        Msg::Resize(size) => app.size = size,
        Msg::Link(event) => link::heard(app, event),
    }
    app.changed = true;
    settle(app);
    let wanted = app.wanted_view();
    if wanted != app.asked {
        app.asked = wanted.clone();
        effects.push(Effect::Link(LinkCommand::View(Box::new(wanted))));
    }
    effects
}

/// What of the screen changes with the viewer's clock alone.
fn clock_words(app: &App) -> (String, Option<u64>) {
    let frozen = app.frozen.as_ref().map(|frozen| app.now.saturating_sub(frozen.since).as_secs());
    (app.link.words(app.now), frozen)
}

/// Computes the rows again. Needed when data, filter or order change, and at no other time.
fn refresh(app: &mut App) {
    let picture = app.frozen.as_ref().map_or(&app.live, |frozen| &frozen.picture);
    let table = &app.sites;
    let rows = sites::rows(picture, table.filter.query(), table.column, table.descending);
    let site = app.stack.iter().rev().find_map(|screen| match screen {
        Screen::Tasks { site } => Some(*site),
        _ => None,
    });
    let task_rows = site.map_or_else(Vec::new, |site| tasks::rows(picture, site));
    app.sites.set_rows(rows, |row| row.id);
    app.tasks.set_rows(task_rows, |row| row.id);
}

/// Brings cursors and scroll positions back into what there is.
fn settle(app: &mut App) {
    let layout = Layout::of(app);
    app.sites.settle(layout.rows());
    app.tasks.settle(layout.rows());
    let furthest = page::furthest_scroll(app);
    if let Some(scroll) = app.stack.last_mut().and_then(Screen::scroll_mut) {
        *scroll = (*scroll).min(furthest);
    }
}
