//! The real command in a real terminal: what it shows, and that the terminal is as before when it is gone.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod pty;

use std::num::NonZeroU16;

use rustix::process::Signal;

use pty::Pty;

/// Nothing listens there: port 1 belongs to nobody.
const NOBODY: &str = "http://127.0.0.1:1";

#[test]
fn it_quits_and_leaves_the_terminal_as_it_was() {
    let mut pty = Pty::run(&[NOBODY], &[]);
    pty.wait_for("the next step", |screen| screen.contents().contains("Next: "));
    assert!(pty.screen(vt100::Screen::alternate_screen));
    assert!(pty.screen(vt100::Screen::hide_cursor));
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    assert_restored(&pty);
}

#[test]
fn a_signal_ends_it_with_its_own_code_and_the_terminal_as_it_was() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut pty = Pty::run(&[NOBODY], &[]);
        pty.wait_for("the first screen", |screen| screen.contents().contains("1 Sites"));
        pty.send(signal);
        assert_eq!(pty.exit_code(), code);
        assert_restored(&pty);
    }
}

/// The panics are rehearsed, which only a debug build does.
#[cfg(debug_assertions)]
#[test]
fn a_panic_of_any_thread_ends_it_with_its_report_and_the_terminal_as_it_was() {
    for (thread, report) in [
        ("drawing", "rehearsed by the thread that draws"),
        ("background", "rehearsed by another thread"),
    ] {
        let mut pty = Pty::run(&[NOBODY], &[("STRANDED_REHEARSE_PANIC", thread)]);
        assert_eq!(pty.exit_code(), 101, "{thread}");
        assert_restored(&pty);
        pty.wait_for("the report", |screen| screen.contents().contains(report));
    }
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut pty = Pty::run(&[NOBODY], &[]);
    pty.wait_for("the next step", |screen| screen.contents().contains("Next: "));
    let last_row = |screen: &vt100::Screen| screen.contents().lines().last().map(str::to_owned);
    for (rows, columns) in [(15, 60), (40, 120), (24, 80)] {
        pty.resize(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap());
        pty.wait_for("the keys in the last row", |screen| {
            screen.contents().lines().count() == usize::from(rows)
                && last_row(screen).is_some_and(|row| row.contains("? help"))
        });
    }
    pty.resize(NonZeroU16::new(5).unwrap(), NonZeroU16::new(30).unwrap());
    pty.wait_for("what it needs", |screen| screen.contents().contains("need 40x8, have 30x5"));
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    assert_restored(&pty);
}

#[test]
fn it_can_be_suspended_and_comes_back() {
    let mut pty = Pty::run(&[NOBODY], &[]);
    pty.wait_for("the first screen", |screen| screen.contents().contains("1 Sites"));
    pty.press("\u{1a}");
    pty.wait_for("the shell's screen", |screen| !screen.alternate_screen());
    pty.wait_until_stopped();
    pty.send(Signal::CONT);
    pty.wait_for("the first screen again", |screen| {
        screen.alternate_screen() && screen.contents().contains("1 Sites")
    });
    pty.press("\u{c}?");
    pty.wait_for("the help", |screen| screen.contents().contains("show all sites"));
    pty.press("qq");
    assert_eq!(pty.exit_code(), 0);
    assert_restored(&pty);
}

#[test]
fn the_last_screen_stays_below_the_prompt_if_it_is_wanted() {
    let mut pty = Pty::run(&[NOBODY], &[]);
    pty.wait_for("the next step", |screen| screen.contents().contains("Next: "));
    pty.press("Q");
    assert_eq!(pty.exit_code(), 0);
    assert_restored(&pty);
    pty.wait_for("the last frame", |screen| screen.contents().contains("Next: "));
}

/// From the first screen into a leaked task, without colours: the way of an engineer at night.
#[test]
fn a_leaked_task_is_two_keys_away() {
    let mut pty = Pty::run(&["demo"], &[("NO_COLOR", "1")]);
    pty.wait_for("a finding", |screen| screen.contents().contains("LEAK: "));
    pty.wait_for("the selected row", |screen| {
        rows(screen).any(|mut row| row.all(vt100::Cell::inverse))
    });
    let colored = |cell: &vt100::Cell| {
        cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default
    };
    assert!(!pty.screen(|screen| rows(screen).flatten().any(colored)), "a colour under NO_COLOR");
    pty.press("gg\r");
    pty.wait_for("its tasks", |screen| screen.contents().contains("[2 Tasks]"));
    pty.wait_for("a row", |screen| screen.contents().contains("parked "));
    pty.press("\r");
    pty.wait_for("the line where it waits", |screen| {
        screen.contents().lines().any(|line| line.trim_start().starts_with("> tui/src/demo/leaks/"))
    });
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    assert_restored(&pty);
}

/// The rows of a screen, as cells.
fn rows(screen: &vt100::Screen) -> impl Iterator<Item = impl Iterator<Item = &vt100::Cell>> {
    let (rows, columns) = screen.size();
    (0..rows.get())
        .map(move |row| (0..columns.get()).filter_map(move |column| screen.cell(row, column)))
}

fn assert_restored(pty: &Pty) {
    // What was written last may still be on its way to the screen.
    pty.wait_for("the screen from before", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    });
    assert!(pty.has_its_modes_back(), "lines are edited and echoed by the terminal again");
}
