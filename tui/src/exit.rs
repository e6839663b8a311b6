//! Exit codes: a contract with scripts.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; for `check`: judged on complete data, and nothing found at or above `--fail-on`.
    Success,
    /// `check` found something, or a step of `doctor` failed.
    Found,
    /// Usage, configuration, connection or protocol.
    Error,
    /// Too little was known to say "clean".
    Inconclusive,
    /// SIGHUP.
    HungUp,
    /// SIGINT, `^C`.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// A thread of the terminal UI panicked.
    Panicked,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Found => 1,
            Self::Error => 2,
            Self::Inconclusive => 3,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Panicked => 101,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Runs `command` until it is done or a signal asks for the end.
pub async fn unless_signalled(
    command: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = command => outcome,
        _ = hang_up.recv() => Ok(Exit::HungUp),
        _ = interrupt.recv() => Ok(Exit::Interrupted),
        _ = terminate.recv() => Ok(Exit::Terminated),
    }
}
