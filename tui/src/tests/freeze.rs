//! A frozen view stays; the target goes on.

use std::time::Duration;

use super::driver::{Look, attached, hear, press, screen, tick};
use super::fixture;
use crate::app::Screen;

#[test]
fn a_frozen_view_shows_the_old_data_and_says_how_far_behind_it_is() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, " ");
    let live = |app: &crate::app::App| app.sites.rows().iter().map(|row| row.live).sum::<u64>();
    let before = live(&app);
    let mut census = fixture::census(fixture::now().forward(Duration::from_secs(1)));
    census.sites[0].live += 10;
    hear(&mut app, census);
    tick(&mut app, Duration::from_secs(12));
    assert_eq!(live(&app), before);
    assert!(screen(&app).contains("FROZEN 12s (9 changes behind)"), "{}", screen(&app));
    press(&mut app, " ");
    assert_eq!(live(&app), before + 10);
    assert!(!screen(&app).contains("FROZEN"));
}

#[test]
fn sorting_filtering_and_opening_work_while_frozen() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, " /pool<enter>");
    assert_eq!(app.sites.rows().len(), 1);
    press(&mut app, "<esc>l<enter>");
    assert!(matches!(app.top(), Screen::Tasks { site: Some(_) }));
}

#[test]
fn a_frozen_view_that_also_lost_its_link_says_both() {
    let mut app = attached((80, 24), Look::Dark);
    press(&mut app, " ");
    super::driver::lose(&mut app, 2);
    let screen = screen(&app);
    assert!(screen.contains("FROZEN") && screen.contains("RECONNECTING 3s (try 2)"), "{screen}");
}
