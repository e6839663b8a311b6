//! What the registry has seen of the agent's own tasks: how its canary is watched.

use std::sync::atomic::Ordering::Relaxed;

use super::Registry;

/// What was seen of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) polls: u64,
    pub(crate) clones: u64,
    pub(crate) live: u64,
}

impl Registry {
    /// What was seen of the agent's own live task with that Tokio number.
    pub(crate) fn seen(&self, number: u64) -> Option<Seen> {
        let mut own = self.scan().filter(|(seen, _)| seen.own());
        let (seen, _) = own.find(|(_, cold)| cold.number.load(Relaxed) == number)?;
        Some(Seen { polls: seen.polls(), clones: seen.clones(), live: seen.live_wakers() })
    }

    /// How many of the agent's own tasks have ended.
    pub(crate) fn own_ended(&self) -> u64 {
        self.sites.iter().filter(|(_, site)| site.own).map(|(_, site)| site.ended()).sum()
    }
}
