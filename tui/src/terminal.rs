//! The real terminal: taken once, and given back exactly once on every way out.

mod panic;

use std::io::{self, Stdout, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEventKind, KeyModifiers,
};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, style};
use ratatui::backend::CrosstermBackend;

pub(crate) use panic::PanicHook;

use crate::app::App;
use crate::keymap::Key;
use crate::msg::{Msg, Size};
use crate::view;

/// Whether the terminal is ours. Whoever sets it to `false` gives the terminal back; nobody else does.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours.
pub(crate) struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Stdout>>,
}

impl Terminal {
    /// Takes the terminal.
    pub(crate) fn take() -> io::Result<Self> {
        // Colours are left out of the buffer where they are unwanted. crossterm's own way of leaving them out
        // resets the modifiers as well.
        style::force_color_output(true);
        take()?;
        let inner =
            ratatui::Terminal::new(CrosstermBackend::new(stdout())).inspect_err(|_| give_back())?;
        Ok(Self { inner })
    }

    pub(crate) fn draw(&mut self, app: &App) -> io::Result<()> {
        self.inner.draw(|frame| view::draw(frame, app)).map(|_| ())
    }

    /// Has the next frame painted whole, whatever the terminal shows.
    pub(crate) fn repaint(&mut self) -> io::Result<()> {
        // Not `clear`: that asks the terminal for its cursor, and the answer would go to whoever reads the keys.
        let area = self.inner.size()?.into();
        self.inner.resize(area)
    }

    /// Gives the terminal to the shell and stops until the shell continues us.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        stop()?;
        self.resume()
    }

    /// Takes the terminal again after the shell has had it, in whatever state that left it.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        give_back();
        take()?;
        self.repaint()
    }

    /// Gives the terminal back, with the text of the last frame below the prompt.
    pub(crate) fn leave_frame(&mut self, app: &App) -> io::Result<()> {
        let frame = self.inner.draw(|frame| view::draw(frame, app))?;
        let width = usize::from(frame.area.width).max(1);
        let mut text = String::new();
        for row in frame.buffer.content.chunks(width) {
            let row: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            text.push_str(row.trim_end());
            text.push('\n');
        }
        give_back();
        stdout().write_all(text.as_bytes())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    if TAKEN.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let taken = enable_raw_mode()
        .and_then(|()| execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide));
    taken.inspect_err(|_| give_back())
}

/// Gives the terminal back if it is ours.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // There is nobody left to tell if this fails: the terminal is gone.
        let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// Stops the whole foreground job, as the terminal would: also what runs us, such as `cargo run`.
///
/// SIGTSTP could be ignored or handled by somebody; SIGSTOP cannot.
#[cfg(unix)]
fn stop() -> io::Result<()> {
    rustix::process::kill_current_process_group(rustix::process::Signal::STOP)
        .map_err(io::Error::from)
}

#[cfg(not(unix))]
fn stop() -> io::Result<()> {
    Ok(())
}

/// The size of the terminal.
pub(crate) fn terminal_size() -> io::Result<Size> {
    size().map(|(width, height)| Size { width, height })
}

/// What an event of the terminal means to us, if anything.
pub(crate) fn message(event: &Event) -> Option<Msg> {
    match event {
        Event::Key(event) if event.kind != KeyEventKind::Release => {
            key(event.code, event.modifiers).map(Msg::Key)
        }
        Event::Paste(text) => Some(Msg::Paste(text.clone())),
        Event::Resize(width, height) => Some(Msg::Resize(Size { width: *width, height: *height })),
        _ => None,
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
    if modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match code {
        KeyCode::Char(letter) if modifiers.contains(KeyModifiers::CONTROL) => {
            Key::Ctrl(letter.to_ascii_lowercase())
        }
        KeyCode::Char(letter) => Key::Char(letter),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::F(number) => Key::F(number),
        _ => return None,
    })
}
