//! The run loop: the only clock, the only terminal, the only place where effects become deeds.

#[cfg(debug_assertions)]
mod rehearsal;
mod signals;

use std::time::{Duration, Instant};

use anyhow::Context;
use crossterm::event::EventStream;
use futures::{FutureExt, StreamExt};
use stranded_analysis::Policy;
use tokio::sync::mpsc;
use tokio::time;

use crate::app::App;
use crate::link::event::{LinkCommand, LinkEvent};
use crate::msg::{Effect, Msg};
use crate::terminal::{PanicHook, Terminal, message, terminal_size};
use crate::update::update;
use signals::{Signal, Signals};

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(50);
/// The time between two looks at the clock while nothing else happens.
const TICK: Duration = Duration::from_millis(250);
/// The most messages taken in between two frames, so that a flood of updates cannot stop the drawing.
const BATCH: usize = 256;

/// What the caller decides about a session of the terminal UI.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The target as the user named it: shown until the target has told its own name.
    pub target: String,
    /// The thresholds of the engine.
    pub policy: Policy,
    /// Only ASCII glyphs.
    pub ascii: bool,
    /// Whether colours may be used; meaning never depends on them.
    pub color: bool,
    /// The time between two updates that the target is asked for.
    pub interval: Duration,
    /// Something the user must know about this session: "time scale 0.2".
    pub notice: Option<String>,
}

/// Both ends of the conversation with the link task.
#[derive(Debug)]
pub struct Channels {
    /// What the link says.
    pub events: mpsc::Receiver<LinkEvent>,
    /// What it is told. Unbounded, so that no key ever waits for the network.
    pub commands: mpsc::UnboundedSender<LinkCommand>,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The user quit.
    Quit,
    /// SIGTERM.
    Terminated,
    /// SIGHUP, or the terminal went away.
    HungUp,
    /// A thread panicked; the report is to be printed once the terminal is restored.
    Panicked(String),
}

impl Exit {
    /// The exit code of the process.
    pub fn code(&self) -> u8 {
        match self {
            Self::Quit => 0,
            Self::Terminated => 143,
            Self::HungUp => 129,
            Self::Panicked(_) => 101,
        }
    }
}

/// Runs the terminal UI until the user quits or a signal ends it; the terminal is restored on return.
///
/// It must be awaited from `block_on`, not from a spawned task: the thread that draws has to be the one
/// that restores the terminal if it panics.
pub async fn run(options: RunOptions, link: Channels) -> anyhow::Result<Exit> {
    let (reports, mut panics) = mpsc::unbounded_channel();
    let _hook = PanicHook::install(reports);
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let size = terminal_size().context("cannot read the size of the terminal")?;
    let terminal = Terminal::take().context("cannot set up the terminal")?;
    let mut session = Session {
        app: App::new(options, size),
        terminal,
        keys: EventStream::new(),
        link,
        start: Instant::now(),
        drawn: None,
    };
    loop {
        if session.frame_due() {
            session.draw()?;
        }
        let next_frame = session.next_frame();
        let ended = tokio::select! {
            biased;
            Some(report) = panics.recv() => Some(Exit::Panicked(report)),
            signal = signals.next() => session.obey(signal)?,
            event = session.keys.next() => match event {
                Some(Ok(event)) => match message(&event) {
                    Some(message) => session.take_in(message)?,
                    None => None,
                },
                Some(Err(_)) | None => Some(Exit::HungUp),
            },
            event = session.link.events.recv() => {
                let event = event.context("the link to the target has stopped")?;
                session.take_in(Msg::Link(event))?
            }
            () = time::sleep(next_frame) => session.take_in(Msg::Tick(session.now()))?,
        };
        if let Some(exit) = match ended {
            None => session.drain()?,
            ended => ended,
        } {
            return Ok(exit);
        }
    }
}

/// The state, the outside, and the clock between them.
struct Session {
    app: App,
    terminal: Terminal,
    keys: EventStream,
    link: Channels,
    start: Instant,
    /// When the last frame was drawn.
    drawn: Option<Instant>,
}

impl Session {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn frame_due(&self) -> bool {
        self.app.changed && self.drawn.is_none_or(|drawn| drawn.elapsed() >= FRAME)
    }

    /// How long to wait for messages: until the next frame may be drawn, or the clock is worth a look.
    fn next_frame(&self) -> Duration {
        match self.drawn {
            Some(drawn) if self.app.changed => FRAME.saturating_sub(drawn.elapsed()),
            _ => TICK,
        }
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        self.terminal.draw(&self.app).context("cannot draw on the terminal")?;
        self.app.changed = false;
        #[cfg(debug_assertions)]
        if self.drawn.is_none() {
            rehearsal::panic_if_asked();
        }
        self.drawn = Some(Instant::now());
        Ok(())
    }

    /// Takes in whatever has come by now, so that one frame shows all of it.
    fn drain(&mut self) -> anyhow::Result<Option<Exit>> {
        for _ in 0..BATCH {
            let message = if let Some(Some(Ok(event))) = self.keys.next().now_or_never() {
                message(&event)
            } else if let Ok(event) = self.link.events.try_recv() {
                Some(Msg::Link(event))
            } else {
                break;
            };
            if let Some(exit) = message.map_or(Ok(None), |message| self.take_in(message))? {
                return Ok(Some(exit));
            }
        }
        Ok(None)
    }

    /// Applies one message at the present time, and does what it leads to.
    fn take_in(&mut self, message: Msg) -> anyhow::Result<Option<Exit>> {
        let now = Msg::Tick(self.now());
        update(&mut self.app, now);
        for effect in update(&mut self.app, message) {
            match effect {
                // The link stops only together with this session.
                Effect::Link(command) => drop(self.link.commands.send(command)),
                Effect::Repaint => self.terminal.repaint()?,
                Effect::Suspend => {
                    self.terminal.suspend().context("cannot suspend")?;
                    self.measure()?;
                }
                Effect::Quit { keep_frame: false } => return Ok(Some(Exit::Quit)),
                Effect::Quit { keep_frame: true } => {
                    self.terminal.leave_frame(&self.app)?;
                    return Ok(Some(Exit::Quit));
                }
            }
        }
        Ok(None)
    }

    fn obey(&mut self, signal: Signal) -> anyhow::Result<Option<Exit>> {
        Ok(match signal {
            Signal::Terminate => Some(Exit::Terminated),
            Signal::HangUp => Some(Exit::HungUp),
            Signal::Interrupt => Some(Exit::Quit),
            Signal::Continue => {
                self.terminal.resume().context("cannot take the terminal again")?;
                self.measure()?;
                None
            }
        })
    }

    /// The terminal may have another size after the shell has had it.
    fn measure(&mut self) -> anyhow::Result<()> {
        let size = terminal_size().context("cannot read the size of the terminal")?;
        update(&mut self.app, Msg::Resize(size));
        Ok(())
    }
}
