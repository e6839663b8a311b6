//! How the connection is, timed by the viewer's clock.

use std::time::Duration;

use stranded_analysis::words;

use crate::link::event::{LinkEvent, Problem};

/// The connection to the target.
#[derive(Clone, Debug)]
pub(crate) struct LinkStatus {
    pub state: LinkState,
    /// Why there is no connection; kept while the next attempt runs.
    pub problem: Option<Problem>,
    /// When the latest complete update came.
    heard: Option<Duration>,
    /// How old the latest update may be before the screen says so.
    patience: Duration,
}

/// Where the connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// An attempt runs.
    Connecting { attempt: u32 },
    /// The target answered, but nothing complete has come since.
    Waiting { since: Duration },
    /// Updates come.
    Connected,
    /// It broke; the next attempt starts by itself.
    Lost { retry_at: Duration, attempt: u32 },
}

impl LinkStatus {
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            state: LinkState::Connecting { attempt: 1 },
            problem: None,
            heard: None,
            patience: interval * 2 + Duration::from_secs(1),
        }
    }

    /// Takes note of what the link said at `now`; only a complete update counts as heard.
    pub(crate) fn note(&mut self, event: &LinkEvent, now: Duration) {
        match event {
            LinkEvent::Connecting { attempt } => {
                self.state = LinkState::Connecting { attempt: *attempt };
            }
            LinkEvent::Connected(_) => {
                self.state = LinkState::Waiting { since: now };
                self.problem = None;
            }
            LinkEvent::Update(update) if update.complete => {
                self.state = LinkState::Connected;
                self.problem = None;
                self.heard = Some(now);
            }
            LinkEvent::Update(_) => {}
            LinkEvent::Lost { problem, retry_in, attempt } => {
                self.state = LinkState::Lost { retry_at: now + *retry_in, attempt: *attempt };
                self.problem = Some(problem.clone());
            }
        }
    }

    /// Whether what is shown is as fresh as it should be.
    pub(crate) fn is_live(&self, now: Duration) -> bool {
        self.state == LinkState::Connected && self.age(now) <= self.patience
    }

    fn age(&self, now: Duration) -> Duration {
        self.heard.map_or(Duration::ZERO, |heard| now.saturating_sub(heard))
    }

    /// The state in words: `LIVE 0.4s`, `RECONNECTING 3s (try 4)`.
    pub(crate) fn words(&self, now: Duration) -> String {
        match self.state {
            LinkState::Connecting { attempt: 1 } if self.heard.is_none() => "CONNECTING".to_owned(),
            LinkState::Connecting { attempt } => format!("RECONNECTING now (try {attempt})"),
            LinkState::Waiting { since } => {
                format!("WAITING {}", words::duration(now.saturating_sub(since)))
            }
            LinkState::Connected if self.is_live(now) => {
                format!("LIVE {:.1}s", self.age(now).as_secs_f64())
            }
            LinkState::Connected => format!("STALE {}", words::duration(self.age(now))),
            LinkState::Lost { retry_at, attempt } => {
                let left = retry_at.saturating_sub(now).as_secs_f64().ceil();
                format!("RECONNECTING {left}s (try {attempt})")
            }
        }
    }
}
