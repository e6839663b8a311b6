//! Filters: live while typing, never worse than the last good text.

use super::driver::{Look, attached, press, screen};
use crate::link::event::LinkCommand;
use crate::msg::{Effect, Msg};
use crate::update::update;

#[test]
fn rows_are_filtered_while_typing() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "/site:po");
    assert_eq!(app.sites.rows().len(), 3);
    press(&mut app, "ol");
    assert_eq!(app.sites.rows().len(), 1);
    assert!(screen(&app).contains("1 of 9 sites"), "{}", screen(&app));
}

#[test]
fn an_error_leaves_the_last_good_filter_in_force_and_points_at_itself() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "/pool");
    press(&mut app, " (");
    assert_eq!(app.sites.rows().len(), 1);
    let screen = screen(&app);
    let typed =
        screen.lines().position(|line| line.contains("/ pool (")).expect("the filter is shown");
    let below = screen.lines().nth(typed + 1).expect("the error is below it");
    let error = app.sites.filter.error().expect("it is an error");
    assert_eq!(below.find('^'), Some(3 + error.span.start), "{screen}");
    press(&mut app, "<enter>");
    assert_eq!(app.sites.filter.good(), "pool");
}

#[test]
fn escape_takes_back_first_the_edit_then_the_filter() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "/pool<enter>/x<esc>");
    assert_eq!(app.sites.filter.good(), "pool");
    assert_eq!(app.sites.rows().len(), 1);
    press(&mut app, "<esc>");
    assert!(!app.sites.filter.is_set());
    assert_eq!(app.sites.rows().len(), 9);
}

#[test]
fn letters_that_are_keys_elsewhere_are_letters_in_a_filter() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "/q?jk <backspace>");
    assert_eq!(app.sites.filter.text(), "q?jk");
    press(&mut app, "<c-u>");
    update(&mut app, Msg::Paste("src/\u{1b}ws\n".to_owned()));
    assert_eq!(app.sites.filter.text(), "src/ws");
}

#[test]
fn a_filter_of_tasks_is_evaluated_by_the_target() {
    let mut app = attached((80, 24), Look::Dark);
    let effects = press(&mut app, "2/wakers=0<enter>");
    let last = effects.iter().rev().find_map(|effect| match effect {
        Effect::Link(LinkCommand::View(view)) => Some(view.query.clone()),
        _ => None,
    });
    assert_eq!(last.as_deref(), Some("wakers=0"));
}

#[test]
fn tasks_cannot_be_filtered_by_what_only_a_judge_knows() {
    let mut app = attached((80, 24), Look::Dark);
    let effects = press(&mut app, "2/pool or verdict:proven");
    let screen = screen(&app);
    assert!(screen.contains("tasks cannot be filtered by `verdict`: the target"), "{screen}");
    let carets = screen.lines().find(|line| line.trim_start().starts_with('^')).unwrap();
    let typed = screen.lines().find(|line| line.contains("/ pool or")).unwrap();
    assert_eq!(carets.find('^'), typed.find("verdict"), "{screen}");
    assert_eq!(carets.matches('^').count(), "verdict".len(), "{screen}");
    let asked = effects.iter().any(|effect| match effect {
        Effect::Link(LinkCommand::View(view)) => view.query.contains("verdict:"),
        _ => false,
    });
    assert!(!asked, "the target cannot answer it");
}

#[test]
fn sites_can_be_filtered_by_verdict() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "/verdict=proven<enter>");
    assert_eq!(app.sites.rows().len(), 1);
}
