//! What keys do.

use tui_input::InputRequest;

use super::refresh;
use crate::app::{App, Frozen, Layout, Screen, SiteColumn, Table};
use crate::keymap::{self, Action, Key, Lookup, Mode};
use crate::link::event::LinkCommand;
use crate::msg::Effect;
use stranded_analysis::facts::{SiteId, TaskColumn};

/// Does what a key means now.
pub(super) fn press(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    let mode = app.mode();
    let pending = app.pending.take();
    let found = match keymap::lookup(mode, pending, key) {
        // A broken sequence is forgotten, and its last key means what it means alone.
        Lookup::Unbound if pending.is_some() => keymap::lookup(mode, None, key),
        found => found,
    };
    match (found, key) {
        (Lookup::Bound(binding), _) => {
            if binding.condition.unmet(app).is_none() {
                act(app, binding.action, effects);
            }
        }
        (Lookup::Begins, _) => app.pending = Some(key),
        (Lookup::Unbound, Key::Char(letter)) if mode == Mode::Filter => {
            edit(app, InputRequest::InsertChar(letter));
        }
        (Lookup::Unbound, _) => {}
    }
}

/// Pasted text goes where text is typed, and nowhere else.
pub(super) fn paste(app: &mut App, text: &str) {
    if app.mode() == Mode::Filter {
        for letter in text.chars().filter(|letter| !letter.is_control()) {
            edit(app, InputRequest::InsertChar(letter));
        }
    }
}

fn act(app: &mut App, action: Action, effects: &mut Vec<Effect>) {
    let page = Layout::of(app).rows().max(1).cast_signed();
    match action {
        Action::Down => scroll(app, 1),
        Action::Up => scroll(app, -1),
        Action::PageDown => scroll(app, page),
        Action::PageUp => scroll(app, -page),
        Action::Top => scroll(app, isize::MIN + 1),
        Action::Bottom => scroll(app, isize::MAX),
        Action::Open => open(app),
        Action::Back => back(app),
        Action::Switch => match app.screen() {
            Screen::Sites => show_tasks(app, None),
            _ => app.stack.truncate(1),
        },
        Action::ShowSites => app.stack.truncate(1),
        Action::ShowTasks => {
            app.stack.truncate(1);
            show_tasks(app, None);
        }
        Action::SortLeft => sort(app, -1),
        Action::SortRight => sort(app, 1),
        Action::Invert => invert(app),
        Action::Freeze => freeze(app),
        Action::Explain => explain(app),
        Action::Help => match app.top() {
            Screen::Help { .. } => drop(app.stack.pop()),
            _ => app.stack.push(Screen::Help { scroll: 0 }),
        },
        Action::Reconnect => effects.push(Effect::Link(LinkCommand::RetryNow)),
        Action::Quit if app.top().is_popup() => drop(app.stack.pop()),
        Action::Quit => effects.push(Effect::Quit { keep_frame: false }),
        Action::QuitKeepingFrame => effects.push(Effect::Quit { keep_frame: true }),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Repaint => effects.push(Effect::Repaint),
        Action::Filter => change_filter(app, crate::app::Filter::begin),
        Action::AcceptFilter => change_filter(app, crate::app::Filter::accept),
        Action::CancelFilter => change_filter(app, crate::app::Filter::cancel),
        Action::EraseLeft => edit(app, InputRequest::DeletePrevChar),
        Action::EraseRight => edit(app, InputRequest::DeleteNextChar),
        Action::EraseWord => edit(app, InputRequest::DeletePrevWord),
        Action::EraseAll => edit(app, InputRequest::DeleteLine),
        Action::CursorLeft => edit(app, InputRequest::GoToPrevChar),
        Action::CursorRight => edit(app, InputRequest::GoToNextChar),
        Action::CursorHome => edit(app, InputRequest::GoToStart),
        Action::CursorEnd => edit(app, InputRequest::GoToEnd),
    }
}

/// Moves the cursor of a table, or scrolls a text.
fn scroll(app: &mut App, by: isize) {
    match app.top() {
        Screen::Sites => app.sites.move_by(by),
        Screen::Tasks { .. } => app.tasks.move_by(by),
        Screen::Task { .. } | Screen::Explain { .. } | Screen::Help { .. } => {
            if let Some(scroll) = app.stack.last_mut().and_then(Screen::scroll_mut) {
                let to = isize::try_from(*scroll).unwrap_or(isize::MAX).saturating_add(by);
                *scroll = u16::try_from(to.max(0)).unwrap_or(u16::MAX);
            }
        }
    }
}

fn open(app: &mut App) {
    match app.screen() {
        Screen::Sites => {
            if let Some(site) = app.sites.selected().map(|row| row.id) {
                show_tasks(app, Some(site));
            }
        }
        Screen::Tasks { .. } => {
            if let Some(id) = app.tasks.selected().map(|row| row.id) {
                app.stack.push(Screen::Task { id, scroll: 0 });
            }
        }
        _ => {}
    }
}

fn show_tasks(app: &mut App, site: Option<SiteId>) {
    app.stack.push(Screen::Tasks { site });
    app.tasks.cursor.release();
    refresh(app);
}

/// Undoes one step: the popup, the notice, the filter, the screen, the frozen view, the selection.
fn back(app: &mut App) {
    if app.top().is_popup() {
        app.stack.pop();
    } else if app.notice.take().is_some() {
    } else if app.filter().is_some_and(|filter| filter.is_set()) {
        change_filter(app, crate::app::Filter::clear);
    } else if app.stack.len() > 1 {
        app.stack.pop();
    } else if app.frozen.is_some() {
        freeze(app);
    } else {
        app.sites.cursor.release();
    }
}

fn sort(app: &mut App, by: isize) {
    match app.screen() {
        Screen::Sites => app.sites.sort_beside(by, &SiteColumn::ALL),
        Screen::Tasks { .. } => app.tasks.sort_beside(by, &TaskColumn::ALL),
        _ => {}
    }
    refresh(app);
}

fn invert(app: &mut App) {
    fn turn<Id, Row, Column>(table: &mut Table<Id, Row, Column>) {
        table.descending = !table.descending;
    }
    match app.screen() {
        Screen::Sites => turn(&mut app.sites),
        Screen::Tasks { .. } => turn(&mut app.tasks),
        _ => {}
    }
    refresh(app);
}

/// Keeps the picture as it is, or goes on with the live one.
fn freeze(app: &mut App) {
    app.frozen = match app.frozen.take() {
        Some(frozen) => {
            if frozen.picture.model.boot() != app.live.model.boot() {
                app.stack.truncate(1);
                app.sites.cursor.release();
            }
            None
        }
        None => Some(Frozen { picture: app.live.clone(), since: app.now, behind: 0 }),
    };
    refresh(app);
}

fn explain(app: &mut App) {
    if let Some((_, finding)) = app.selected_finding() {
        let screen = Screen::Explain { site: finding.site_id, rule: finding.rule, scroll: 0 };
        app.stack.push(screen);
    }
}

fn edit(app: &mut App, request: InputRequest) {
    change_filter(app, |filter| filter.edit(request));
}

fn change_filter(app: &mut App, change: impl FnOnce(&mut crate::app::Filter)) {
    if let Some(filter) = app.filter_mut() {
        change(filter);
    }
    refresh(app);
}
