//! Drives the state by messages and keys, and reads frames as text.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use stranded_analysis::Policy;
use stranded_analysis::facts::{EndedTask, Ending, Update};

use super::fixture;
use crate::app::App;
use crate::keymap::parse;
use crate::link::event::{LinkCommand, LinkEvent, Problem};
use crate::msg::{Effect, Msg, Size};
use crate::run::RunOptions;
use crate::update::update;
use crate::view;

/// How a session looks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    Dark,
    MonoAscii,
}

/// The state, and the number of the latest update that it was told.
pub(super) struct Session {
    app: App,
    seq: u64,
}

impl Deref for Session {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut App {
        &mut self.app
    }
}

/// A session with a terminal of that size, before anything was heard.
pub(super) fn start(size: (u16, u16), look: Look) -> Session {
    let mono = matches!(look, Look::MonoAscii);
    let options = RunOptions {
        target: "http://127.0.0.1:6669".to_owned(),
        policy: Policy::default(),
        ascii: mono,
        color: !mono,
        interval: Duration::from_secs(1),
        notice: None,
    };
    Session { app: App::new(options, Size { width: size.0, height: size.1 }), seq: 0 }
}

/// A session attached to the `orders-api`, which has been judged.
pub(super) fn attached(size: (u16, u16), look: Look) -> Session {
    let mut app = start(size, look);
    connect(&mut app);
    for seconds in [24, 12, 0] {
        let effects =
            hear(&mut app, fixture::census(fixture::now().back(Duration::from_secs(seconds))));
        answer(&mut app, &effects);
    }
    tick(&mut app, Duration::from_millis(400));
    app
}

/// The target answers, with a stream of updates that begins anew.
pub(super) fn connect(app: &mut Session) {
    app.seq = 0;
    update(app, Msg::Link(LinkEvent::Connecting { attempt: 1 }));
    update(app, Msg::Link(LinkEvent::Connected(Box::new(fixture::target()))));
}

/// The target sends the next update.
pub(super) fn hear(app: &mut Session, facts: Update) -> Vec<Effect> {
    app.seq += 1;
    let facts = Update { seq: app.seq, ..facts };
    update(app, Msg::Link(LinkEvent::Update(Box::new(facts))))
}

pub(super) fn lose(app: &mut Session, attempt: u32) {
    let problem = Problem {
        what: "Nothing listens at 127.0.0.1:6669.".to_owned(),
        hint: "start the service, or kubectl port-forward POD 6669".to_owned(),
    };
    update(app, Msg::Link(LinkEvent::Lost { problem, retry_in: Duration::from_secs(3), attempt }));
}

/// Lets time pass.
pub(super) fn tick(app: &mut Session, by: Duration) {
    let now = app.now + by;
    update(app, Msg::Tick(now));
}

/// Presses keys; asked for rows, the target answers at once.
pub(super) fn press(app: &mut Session, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in parse(keys) {
        let led_to = update(app, Msg::Key(key));
        answer(app, &led_to);
        effects.extend(led_to);
    }
    effects
}

/// The target answers the views among the effects.
fn answer(app: &mut Session, effects: &[Effect]) {
    for effect in effects {
        if let Effect::Link(LinkCommand::View(view)) = effect {
            let at = app.live.at();
            hear(app, fixture::answer(view, at));
        }
    }
}

/// Lets the first of the stranded tasks end.
pub(super) fn end_stranded(app: &mut Session, ending: Ending) {
    let at = app.live.at();
    let end = EndedTask { id: fixture::STRANDED, ending, at };
    hear(app, Update { ended: vec![end], ..Update::empty(fixture::BOOT, 0, at) });
}

fn frame(app: &App) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(app.size.width, app.size.height)).unwrap();
    terminal.draw(|frame| view::draw(frame, app)).unwrap().buffer.clone()
}

/// The frame as text.
pub(super) fn screen(app: &App) -> String {
    rows(&frame(app), |cell| cell.symbol().to_owned())
}

/// The frame as letters for its styles: `b`old, `u`nderlined, `r`eversed, `d`im, `.` plain; capitals are coloured.
pub(super) fn styles(app: &App) -> String {
    rows(&frame(app), |cell| {
        let letter = [
            (Modifier::REVERSED, 'r'),
            (Modifier::BOLD, 'b'),
            (Modifier::UNDERLINED, 'u'),
            (Modifier::DIM, 'd'),
        ]
        .into_iter()
        .find(|(modifier, _)| cell.modifier.contains(*modifier))
        .map_or('.', |(_, letter)| letter);
        let colored = cell.fg != Color::Reset || cell.bg != Color::Reset;
        match (letter, colored, cell.symbol()) {
            ('.', false, " ") => " ".to_owned(),
            ('.', true, _) => "C".to_owned(),
            (letter, true, _) => letter.to_ascii_uppercase().to_string(),
            (letter, false, _) => letter.to_string(),
        }
    })
}

fn rows(buffer: &Buffer, show: impl Fn(&ratatui::buffer::Cell) -> String) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for row in buffer.content.chunks(width) {
        let row: String = row.iter().map(&show).collect();
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}
