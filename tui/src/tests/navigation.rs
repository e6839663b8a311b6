//! Keys, and where they lead.

use super::driver::{Look, attached, hear, press, screen};
use super::fixture;
use crate::app::{Screen, SiteColumn};
use crate::link::event::LinkCommand;
use crate::msg::Effect;

#[test]
fn enter_goes_down_to_a_task_and_escape_comes_back() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "j<enter><enter>");
    assert_eq!(app.top(), Screen::Task { id: fixture::STRANDED, scroll: 0 });
    press(&mut app, "<esc>");
    assert_eq!(app.top(), Screen::Tasks { site: Some(fixture::CACHE) });
    press(&mut app, "<esc>");
    assert_eq!(app.top(), Screen::Sites);
    assert_eq!(app.sites.selected().map(|row| row.id), Some(fixture::CACHE));
}

#[test]
fn a_screen_of_tasks_asks_for_the_rows_it_can_show() {
    let mut app = attached((80, 24), Look::Dark);
    let effects = press(&mut app, "j<enter>");
    let views: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Link(LinkCommand::View(view)) => Some(view),
            _ => None,
        })
        .collect();
    assert_eq!(views.len(), 1, "{effects:?}");
    assert_eq!(views[0].site, Some(fixture::CACHE));
    assert!((24..=128).contains(&views[0].limit), "{}", views[0].limit);
    let effects = press(&mut app, "<enter>");
    assert!(
        matches!(&effects[..], [Effect::Link(LinkCommand::View(view))] if view.focus == [fixture::STRANDED]),
        "{effects:?}"
    );
}

#[test]
fn moving_around_asks_for_nothing_on_a_narrow_screen() {
    let mut app = attached((80, 24), Look::Dark);
    assert_eq!(press(&mut app, "jjkGgghli"), []);
}

#[test]
fn the_selected_site_stays_selected_whatever_the_order() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "jjjj");
    let chosen = app.sites.selected().map(|row| row.id);
    for key in ["l", "l", "i", "l", "i", "h", "h", "h"] {
        press(&mut app, key);
        assert_eq!(app.sites.selected().map(|row| row.id), chosen, "after {key}");
    }
    assert_eq!(app.sites.column, SiteColumn::Verdict);
}

#[test]
fn the_selected_site_stays_selected_when_others_come_before_it() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "Gk");
    let chosen = app.sites.selected().map(|row| row.id);
    let mut census = fixture::census(fixture::now());
    census.sites[6].live = 9_000;
    hear(&mut app, census);
    assert_eq!(app.sites.selected().map(|row| row.id), chosen);
}

#[test]
fn until_a_site_is_chosen_the_worst_is_selected() {
    let mut app = attached((80, 24), Look::Dark);
    assert_eq!(app.sites.selected().map(|row| row.id), Some(fixture::HUB));
    press(&mut app, "l");
    assert_ne!(app.sites.selected().map(|row| row.id), Some(fixture::HUB));
}

#[test]
fn tab_switches_between_sites_and_all_tasks() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "<tab>");
    assert_eq!(app.top(), Screen::Tasks { site: None });
    assert_eq!(app.tasks.rows().len(), fixture::tasks().len());
    press(&mut app, "<tab>");
    assert_eq!(app.top(), Screen::Sites);
}

#[test]
fn q_closes_a_popup_first() {
    let mut app = attached((80, 24), Look::Dark);
    assert_eq!(press(&mut app, "?q"), []);
    assert_eq!(app.top(), Screen::Sites);
    assert_eq!(press(&mut app, "q"), [Effect::Quit { keep_frame: false }]);
    assert_eq!(press(&mut app, "Q"), [Effect::Quit { keep_frame: true }]);
    assert_eq!(press(&mut app, "/x<c-c>"), [Effect::Quit { keep_frame: false }]);
}

#[test]
fn gg_goes_to_the_top_and_a_broken_sequence_does_not() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "jjjgg");
    assert_eq!(app.sites.cursor.place(), 0);
    press(&mut app, "jjgj");
    assert_eq!(app.sites.cursor.place(), 3);
}

#[test]
fn a_text_scrolls_no_further_than_its_end() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "?G");
    let end = screen(&app);
    press(&mut app, "jjjj");
    assert_eq!(screen(&app), end);
    press(&mut app, "k");
    assert_ne!(screen(&app), end);
}

#[test]
fn help_is_about_the_screen_below_it() {
    let mut app = attached((120, 40), Look::Dark);
    press(&mut app, "?");
    assert!(screen(&app).contains("switch between all sites and all tasks"));
    press(&mut app, "<esc><enter><enter>?");
    assert!(!screen(&app).contains("switch between all sites and all tasks"));
}

#[test]
fn a_key_that_does_nothing_now_says_why_in_the_help() {
    let mut app = attached((120, 40), Look::Dark);
    press(&mut app, "G?");
    let help = screen(&app);
    assert!(help.contains("not now: nothing here is accused"), "{help}");
    assert!(help.contains("not now: the link is live"), "{help}");
}
