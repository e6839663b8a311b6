//! Whole frames, at three sizes, in colour and without.

use std::time::Duration;

use rstest::rstest;
use stranded_analysis::facts::{Ending, Instrumentation};

use super::driver::{
    Look, attached, connect, end_stranded, hear, lose, press, screen, start, styles, tick,
};
use super::fixture;
use crate::app::App;

/// Compares a frame with the kept one of that name, size and look.
fn assert_screen(app: &App, name: &str, look: Look) {
    let name = format!("{name}-{}x{}-{look:?}", app.size.width, app.size.height);
    insta::with_settings!({ snapshot_path => "screens", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, screen(app));
    });
}

#[rstest]
fn sites(
    #[values((120, 40), (80, 24), (60, 15))] size: (u16, u16),
    #[values(Look::Dark, Look::MonoAscii)] look: Look,
) {
    let mut app = attached(size, look);
    press(&mut app, "gg");
    assert_screen(&app, "sites", look);
}

#[rstest]
fn tasks_of_a_site(
    #[values((120, 40), (80, 24), (60, 15))] size: (u16, u16),
    #[values(Look::Dark, Look::MonoAscii)] look: Look,
) {
    let mut app = attached(size, look);
    press(&mut app, "j<enter>j");
    assert_screen(&app, "tasks", look);
}

#[rstest]
fn a_task(
    #[values((120, 40), (80, 24), (60, 15))] size: (u16, u16),
    #[values(Look::Dark, Look::MonoAscii)] look: Look,
) {
    let mut app = attached(size, look);
    press(&mut app, "j<enter><enter>");
    assert_screen(&app, "task", look);
}

#[rstest]
fn a_task_that_cannot_run_again(#[values((120, 40), (80, 24))] size: (u16, u16)) {
    let mut app = attached(size, Look::Dark);
    press(&mut app, "<enter><enter>");
    assert_screen(&app, "task-proven", Look::Dark);
}

#[rstest]
fn a_task_that_ended() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "j<enter><enter>");
    end_stranded(&mut app, Ending::Returned);
    assert_screen(&app, "task-ended", Look::Dark);
}

#[rstest]
fn a_finding_explained(#[values((120, 40), (80, 24), (60, 15))] size: (u16, u16)) {
    let mut app = attached(size, Look::Dark);
    press(&mut app, "je");
    assert_screen(&app, "explain", Look::Dark);
}

#[rstest]
fn help(
    #[values((120, 40), (80, 24), (60, 15))] size: (u16, u16),
    #[values(Look::Dark, Look::MonoAscii)] look: Look,
) {
    let mut app = attached(size, look);
    press(&mut app, "?");
    assert_screen(&app, "help", look);
}

#[test]
fn a_filter_being_typed() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "/pool");
    assert_screen(&app, "filter", Look::Dark);
}

#[test]
fn a_filter_that_makes_no_sense() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "/pool (");
    assert_screen(&app, "filter-error", Look::Dark);
}

#[test]
fn a_filter_that_selects_nothing() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "/nothing<enter>");
    assert_screen(&app, "filter-empty", Look::Dark);
}

#[test]
fn a_frozen_view() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, " ");
    let at = app.live.at().forward(Duration::from_secs(1));
    hear(&mut app, fixture::census(at));
    tick(&mut app, Duration::from_secs(178));
    assert_screen(&app, "frozen", Look::Dark);
}

#[rstest]
fn a_lost_connection(#[values((120, 40), (80, 24), (60, 15))] size: (u16, u16)) {
    let mut app = attached(size, Look::Dark);
    lose(&mut app, 4);
    assert_screen(&app, "lost", Look::Dark);
}

#[test]
fn nothing_listens() {
    let mut app = start((80, 24), Look::Dark);
    lose(&mut app, 2);
    tick(&mut app, Duration::from_millis(600));
    assert_screen(&app, "refused", Look::Dark);
}

#[test]
fn before_the_first_answer() {
    assert_screen(&start((80, 24), Look::Dark), "connecting", Look::Dark);
}

#[test]
fn before_the_first_census() {
    let mut app = start((80, 24), Look::Dark);
    connect(&mut app);
    tick(&mut app, Duration::from_secs(1));
    assert_screen(&app, "waiting", Look::Dark);
}

#[test]
fn a_candidate_that_is_not_confirmed_yet() {
    let mut app = start((80, 24), Look::Dark);
    connect(&mut app);
    hear(&mut app, fixture::candidate(fixture::now().back(Duration::from_secs(4))));
    hear(&mut app, fixture::candidate(fixture::now()));
    assert_screen(&app, "candidate", Look::Dark);
}

#[test]
fn a_healthy_service() {
    let mut app = start((80, 24), Look::Dark);
    connect(&mut app);
    let mut census = fixture::census(fixture::now());
    census.sites.retain(|site| site.id.0 > 4);
    fixture::count_live(&mut census);
    hear(&mut app, census);
    assert_screen(&app, "healthy", Look::Dark);
}

#[test]
fn a_service_without_instrumentation() {
    let mut app = start((80, 24), Look::Dark);
    connect(&mut app);
    let mut census = fixture::census(fixture::now());
    census.sites.clear();
    if let Some(gauges) = &mut census.gauges {
        (gauges.tracked, gauges.countable, gauges.own_tasks) = (0, Some(0), 0);
    }
    if let Some(target) = &mut census.target {
        target.instrumentation = Instrumentation::Missing {
            because: "the service is built without --cfg tokio_unstable".to_owned(),
            fix: "add rustflags = [\"--cfg\", \"tokio_unstable\"] to .cargo/config.toml".to_owned(),
        };
    }
    hear(&mut app, census);
    assert_screen(&app, "not-instrumented", Look::Dark);
}

#[test]
fn meaning_survives_without_colour() {
    let mut app = attached((80, 24), Look::MonoAscii);
    press(&mut app, "gg");
    let letters = styles(&app);
    assert!(!letters.chars().any(char::is_uppercase), "a colour is left:\n{letters}");
    insta::with_settings!({ snapshot_path => "screens", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("sites-80x24-MonoAscii-styles", letters);
    });
}

#[test]
fn styles_with_colour() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, "gg");
    insta::with_settings!({ snapshot_path => "screens", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("sites-80x24-Dark-styles", styles(&app));
    });
}

#[test]
fn ascii_means_ascii() {
    for keys in ["", "j<enter>", "<enter><enter>", "?", "e", "/pool ("] {
        for size in [(120, 40), (80, 24), (60, 15), (30, 5)] {
            let mut app = attached(size, Look::MonoAscii);
            press(&mut app, keys);
            let screen = screen(&app);
            assert!(screen.is_ascii(), "{keys} at {size:?}:\n{screen}");
        }
    }
}
