//! How much is tracked, which can change at any time.
//!
//! What happens while something is not tracked is lost. So each time the tracking of a class of resources begins or
//! ends, a new era begins for it, and of what was created in an earlier one nothing is said any more.

use std::sync::atomic::{
    AtomicU8, AtomicU32,
    Ordering::{AcqRel, Acquire, Release},
};

use stranded_analysis::facts::ResourceKind;

use crate::config::Resources;

/// The level, and the eras of the two classes that it tells apart.
#[derive(Debug)]
pub(super) struct Level {
    level: AtomicU8,
    locks: AtomicU32,
    others: AtomicU32,
}

/// Whether resources of that kind are tracked with the locks.
fn is_lock(kind: ResourceKind) -> bool {
    !matches!(
        kind,
        ResourceKind::Oneshot
            | ResourceKind::Barrier
            | ResourceKind::Sleep
            | ResourceKind::Interval
    )
}

impl Level {
    pub(super) fn new(level: Resources) -> Self {
        Self {
            level: AtomicU8::new(level as u8),
            locks: AtomicU32::new(1),
            others: AtomicU32::new(1),
        }
    }

    #[inline]
    pub(super) fn get(&self) -> Resources {
        match self.level.load(Acquire) {
            level if level == Resources::Off as u8 => Resources::Off,
            level if level == Resources::Locks as u8 => Resources::Locks,
            _ => Resources::All,
        }
    }

    /// The era of resources of that kind.
    pub(super) fn era(&self, kind: ResourceKind) -> u32 {
        if is_lock(kind) { self.locks.load(Acquire) } else { self.others.load(Acquire) }
    }

    /// Changes the level. `apply` makes every call site follow it, one after the other: what is created meanwhile is
    /// not seen whole.
    pub(super) fn switch(&self, level: Resources, apply: impl FnOnce()) {
        let before = self.get();
        let tracked = |level| (level != Resources::Off, level == Resources::All);
        let (was, is) = (tracked(before), tracked(level));
        let begin_era = || {
            if was.0 != is.0 {
                self.locks.fetch_add(1, AcqRel);
            }
            if was.1 != is.1 {
                self.others.fetch_add(1, AcqRel);
            }
        };
        begin_era();
        self.level.store(level as u8, Release);
        apply();
        begin_era();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_era_ends_for_what_is_switched_and_only_for_that() {
        let level = Level::new(Resources::Locks);
        let eras = || [ResourceKind::Mutex, ResourceKind::Sleep].map(|kind| level.era(kind));
        let [locks, others] = eras();
        level.switch(Resources::All, || assert_ne!(eras()[1], others));
        assert_eq!((level.get(), eras()[0]), (Resources::All, locks));
        assert_ne!(eras()[1], others);
        let [_, others] = eras();
        level.switch(Resources::All, || ());
        assert_eq!(eras(), [locks, others], "nothing was switched");
        level.switch(Resources::Off, || ());
        assert!(eras()[0] != locks && eras()[1] != others);
    }
}
