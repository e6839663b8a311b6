//! A viewer attached to a service over gRPC.

use std::time::Duration;

use stranded_analysis::Model;
use stranded_analysis::facts::{Moment, View};
use stranded_tui::link::event::LinkEvent;
use stranded_tui::link::{self, Link};
use tokio::time::timeout;

use crate::process::PATIENCE;

pub(crate) struct Attached {
    link: Link,
    /// Everything the agent has told.
    pub(crate) model: Model,
}

impl Attached {
    /// Attaches, and asks for every task.
    pub(crate) fn to(target: &str) -> Self {
        let interval = Duration::from_millis(250);
        let view = View { interval, limit: 5_000, ..View::default() };
        Self { link: link::start(target.parse().unwrap(), view), model: Model::default() }
    }

    /// Waits for a whole census taken after that time by the wall clock, and says when it was taken.
    pub(crate) async fn census_after(&mut self, unix_ms: u64) -> u64 {
        let census = async {
            loop {
                self.hear().await;
                let taken = self.model.census().map(|at| self.unix_ms(at));
                if let Some(taken) = taken.filter(|taken| *taken > unix_ms) {
                    return taken;
                }
            }
        };
        timeout(PATIENCE, census).await.expect("a census")
    }

    /// A moment of the target by the wall clock.
    pub(crate) fn unix_ms(&self, at: Moment) -> u64 {
        let epoch = self.model.target().unwrap().epoch_unix_ns.expect("an agent knows its epoch");
        (epoch + at.0) / 1_000_000
    }

    async fn hear(&mut self) {
        match self.link.events.recv().await.expect("a link never gives up") {
            LinkEvent::Update(update) => drop(self.model.apply(*update)),
            LinkEvent::Lost { problem, .. } => panic!("lost the service: {problem:?}"),
            LinkEvent::Connecting { .. } | LinkEvent::Connected(_) => {}
        }
    }
}
