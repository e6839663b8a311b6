//! No size of the terminal breaks any screen.

use rstest::rstest;

use super::driver::{Look, attached, lose, press, screen, start};
use crate::msg::{Msg, Size};
use crate::update::update;

#[rstest]
fn no_size_panics(
    #[values(
        "",
        "<enter>",
        "<enter><enter>",
        "e",
        "?",
        "/pool (",
        "2",
        "/none<enter>",
        " ",
        "2/x<enter>"
    )]
    keys: &str,
    #[values(true, false)] data: bool,
) {
    let mut app = if data { attached((80, 24), Look::Dark) } else { start((80, 24), Look::Dark) };
    if !data {
        lose(&mut app, 2);
    }
    press(&mut app, keys);
    for width in (1..48).step_by(3).chain([60, 79, 80, 119, 120, 200, 300]) {
        for height in (1..25).step_by(2).chain([32, 40, 100]) {
            update(&mut app, Msg::Resize(Size { width, height }));
            press(&mut app, "jG");
            let text = screen(&app);
            assert_eq!(text.lines().count(), usize::from(height));
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_what_it_knows() {
    let app = attached((30, 5), Look::Dark);
    assert!(screen(&app).starts_with("need 40x8, have 30x5"), "{}", screen(&app));
    let app = attached((60, 5), Look::Dark);
    assert!(screen(&app).contains("1 PROVEN"), "{}", screen(&app));
}

#[test]
fn drawing_twice_gives_the_same_frame() {
    let app = attached((120, 40), Look::Dark);
    assert_eq!(screen(&app), screen(&app));
}
