//! What can happen to the terminal UI, and what it can ask for.

use std::time::Duration;

use crate::keymap::Key;
use crate::link::event::{LinkCommand, LinkEvent};

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this size now.
    Resize(Size),
    /// It is this late since the session began, on the viewer's clock. It times the link, never a task.
    Tick(Duration),
    /// The link said something.
    Link(LinkEvent),
}

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Tell the link.
    Link(LinkCommand),
    /// Give the terminal back and stop, until the shell continues us.
    Suspend,
    /// Paint everything again, whatever the terminal shows.
    Repaint,
    /// End the session.
    Quit {
        /// Leave the last screen behind, below the prompt.
        keep_frame: bool,
    },
}

/// The size of the terminal, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub width: u16,
    pub height: u16,
}
