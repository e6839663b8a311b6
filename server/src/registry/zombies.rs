//! Ended tasks whose memory a waker pins, summed up by site.

use std::cmp::Reverse;
use std::sync::atomic::Ordering::Relaxed;

use stranded_analysis::facts::{Moment, StackCount, StackId, Zombies};
use stranded_analysis::histogram::LogHistogram;

use super::by_key::ByKey;
use super::cold::Cold;
use super::slot::Snapshot;

/// Stacks kept of a site's zombies.
const STACKS: usize = 4;

/// The zombies of one site.
#[derive(Debug, Default)]
pub(super) struct ZombieTally {
    tasks: u64,
    bytes: u64,
    wakers: u64,
    ended_ago: LogHistogram,
    stacks: ByKey<u32, u64>,
}

impl ZombieTally {
    /// Adds an ended task, unless its wakers are gone by now, or their count means nothing.
    pub(super) fn add(&mut self, seen: &Snapshot, cold: &Cold, now: Moment) {
        if seen.live_wakers() == 0 || seen.unaccounted() {
            return;
        }
        self.tasks += 1;
        self.bytes += u64::from(cold.size.load(Relaxed));
        self.wakers += seen.live_wakers();
        // The last thing a task does is to drop its future, which is entered and left like a poll.
        let ended = seen.poll_ended.max(cold.spawned.load(Relaxed));
        self.ended_ago.record(now.since(Moment(ended)));
        if let Some((stack, _)) = seen.registrations().next() {
            *self.stacks.of(stack) += 1;
        }
    }

    /// `None`: there are none.
    pub(super) fn into_facts(self) -> Option<Zombies> {
        if self.tasks == 0 {
            return None;
        }
        Some(Zombies {
            tasks: self.tasks,
            bytes: self.bytes,
            wakers: self.wakers,
            ended_ago: self.ended_ago,
            stacks: most_frequent(self.stacks, STACKS),
        })
    }
}

/// The `most` stacks that most tasks have, most frequent first.
pub(super) fn most_frequent(stacks: ByKey<u32, u64>, most: usize) -> Vec<StackCount> {
    let mut counts: Vec<_> = stacks
        .into_pairs()
        .map(|(stack, tasks)| StackCount { stack: StackId(stack), tasks })
        .collect();
    counts.sort_unstable_by_key(|count| (Reverse(count.tasks), count.stack));
    counts.truncate(most);
    counts
}
