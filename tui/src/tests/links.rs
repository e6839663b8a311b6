//! The link: its states in words, and a target that restarts.

use std::time::Duration;

use rstest::rstest;
use stranded_analysis::facts::{BootId, Ending};

use super::driver::{
    Look, attached, connect, end_stranded, hear, lose, press, screen, start, tick,
};
use super::fixture;
use crate::app::Screen;
use crate::link::event::{LinkCommand, LinkEvent};
use crate::msg::{Effect, Msg};
use crate::update::update;

fn strip(app: &crate::app::App) -> String {
    screen(app).lines().nth(1).unwrap_or_default().trim().to_owned()
}

#[test]
fn every_state_of_the_link_has_its_words() {
    let mut app = start((120, 40), Look::Dark);
    assert_eq!(strip(&app), "CONNECTING");
    lose(&mut app, 2);
    assert_eq!(strip(&app), "RECONNECTING 3s (try 2)");
    tick(&mut app, Duration::from_millis(1_500));
    assert_eq!(strip(&app), "RECONNECTING 2s (try 2)");
    update(&mut app, Msg::Link(LinkEvent::Connecting { attempt: 2 }));
    assert_eq!(strip(&app), "RECONNECTING now (try 2)");
    connect(&mut app);
    tick(&mut app, Duration::from_secs(1));
    assert_eq!(strip(&app), "WAITING 1s");
    hear(&mut app, fixture::census(fixture::now()));
    assert!(strip(&app).starts_with("LIVE 0.0s"), "{}", strip(&app));
    tick(&mut app, Duration::from_secs(12));
    assert!(strip(&app).starts_with("STALE 12s"), "{}", strip(&app));
}

#[rstest]
fn why_the_link_is_down_and_what_to_do_can_be_read_on_every_screen(
    #[values("", "2", "2<enter>", "<enter>", "<enter><enter>")] keys: &str,
    #[values((120, 40), (80, 24), (60, 15))] size: (u16, u16),
    #[values(true, false)] data: bool,
) {
    let mut app = if data { attached(size, Look::Dark) } else { start(size, Look::Dark) };
    press(&mut app, keys);
    lose(&mut app, 4);
    let words = screen(&app).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Nothing listens at 127.0.0.1:6669. "), "{}", screen(&app));
    let next = "Next: start the service, or kubectl port-forward POD 6669";
    assert!(words.contains(next), "{}", screen(&app));
}

#[test]
fn a_key_does_not_restart_the_countdown() {
    let mut app = attached((80, 24), Look::Dark);
    lose(&mut app, 2);
    tick(&mut app, Duration::from_secs(2));
    press(&mut app, "j k");
    assert!(strip(&app).contains("RECONNECTING 1s (try 2)"), "{}", strip(&app));
    assert_eq!(press(&mut app, "R"), [Effect::Link(LinkCommand::RetryNow)]);
}

#[test]
fn a_clock_that_changes_no_word_changes_no_frame() {
    let mut app = attached((80, 24), Look::Dark);
    app.changed = false;
    tick(&mut app, Duration::from_millis(1));
    assert!(!app.changed);
    tick(&mut app, Duration::from_millis(200));
    assert!(app.changed);
}

#[test]
fn a_new_process_takes_over_neither_selection_nor_screens() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "jj<enter>");
    connect(&mut app);
    let mut census = fixture::census(fixture::now());
    census.boot = BootId(0x9a02);
    hear(&mut app, census);
    assert_eq!(app.stack, [Screen::Sites]);
    assert!(!app.sites.cursor.is_chosen());
    assert!(screen(&app).contains("NEW PROCESS, boot 9a02"), "{}", screen(&app));
    press(&mut app, "<esc>");
    assert!(!screen(&app).contains("NEW PROCESS"));
}

#[test]
fn a_frozen_view_outlives_the_process_it_shows() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, " j<enter>");
    connect(&mut app);
    let mut census = fixture::census(fixture::now());
    census.boot = BootId(0x9a02);
    hear(&mut app, census);
    assert!(screen(&app).contains("FROZEN"));
    assert!(screen(&app).contains("NEW PROCESS, boot 9a02"), "{}", screen(&app));
    press(&mut app, " ");
    assert_eq!(app.stack, [Screen::Sites]);
}

#[rstest]
#[case(Ending::Returned, "Task 4711 returned after 41m07s")]
#[case(Ending::Cancelled, "Task 4711 cancelled after 41m07s")]
fn a_task_that_ends_while_it_is_looked_at_stays(#[case] ending: Ending, #[case] words: &str) {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "j<enter><enter>");
    end_stranded(&mut app, ending);
    let screen = screen(&app);
    assert!(screen.contains(words), "{screen}");
    assert!(screen.contains("src/cache.rs:95"), "{screen}");
}

#[test]
fn hostile_names_cannot_reach_the_terminal() {
    let mut app = start((120, 40), Look::Dark);
    connect(&mut app);
    let mut census = fixture::census(fixture::now());
    census.sites[0].site.name = "evil\u{1b}[2J\u{202e}name".to_owned();
    if let Some(target) = &mut census.target {
        target.name = "orders\u{7}\u{1b}]0;owned\u{7}-api".to_owned();
    }
    hear(&mut app, census);
    let screen = screen(&app);
    assert!(!screen.chars().any(|letter| letter.is_control() && letter != '\n'), "{screen:?}");
    assert!(screen.contains("orders-api"), "{screen}");
}
