//! The files of the registry, and what is checked of each.

#[path = "../../src/registry/cold.rs"]
mod cold;
#[path = "../../src/registry/histogram.rs"]
mod histogram;
#[path = "../../src/registry/history.rs"]
mod history;
#[path = "../../src/registry/id.rs"]
mod id;
mod resources {
    /// In ids of things that are no tasks.
    pub(super) const THING: u64 = 1 << 63;
}
#[path = "../../src/registry/sites.rs"]
mod sites;
#[path = "../../src/registry/slab.rs"]
mod slab;
#[path = "../../src/registry/slot.rs"]
mod slot;

use loom::sync::Arc;
use loom::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{AcqRel, Relaxed},
};
use loom::thread;
use stranded_analysis::facts::{Moment, TaskKind};

use crate::threads::Place;
use id::SlotId;
use sites::{SiteKey, Sites};
use slab::{Linked, Slab};
use slot::{BY_DRIVER, By, Slot};

const ID: u64 = 1;
const DRIVER: By = By { who: By::DRIVER, site: BY_DRIVER, thread: Place::NONE, to_self: false };

fn id() -> SlotId {
    SlotId::new(0, ID)
}

/// The slot of a task that was polled once, and cloned its waker that often.
fn parked(clones: usize) -> Arc<Slot> {
    let slot = Slot::default();
    slot.reset(Moment(1), 0);
    slot.publish(id());
    slot.enter(Moment(2), false, false);
    (0..clones).for_each(|_| slot.clone_waker());
    slot.exit(Moment(3), false);
    Arc::new(slot)
}

/// A thread that drops a waker: whether it must free the slot.
fn dropper(slot: &Arc<Slot>) -> thread::JoinHandle<bool> {
    let slot = Arc::clone(slot);
    thread::spawn(move || slot.drop_waker(id()))
}

pub(crate) fn freed_once() {
    let slot = parked(2);
    let droppers = [dropper(&slot), dropper(&slot)];
    let closed = slot.close();
    let freed = droppers.map(|thread| thread.join().unwrap());
    let count = freed.into_iter().chain([closed]).filter(|freed| *freed).count();
    assert_eq!(count, 1);
}

pub(crate) fn forgotten_once() {
    let slot = parked(2);
    let droppers = [dropper(&slot), dropper(&slot)];
    let freed_here = slot.close() || slot.forget_wakers();
    let freed = droppers.map(|thread| thread.join().unwrap());
    let count = freed.into_iter().chain([freed_here]).filter(|freed| *freed).count();
    assert_eq!(count, 1);
}

pub(crate) fn no_wake_is_lost() {
    let slot = parked(0);
    let wake = |slot: &Arc<Slot>| {
        let slot = Arc::clone(slot);
        thread::spawn(move || slot.wake(Moment(4), DRIVER))
    };
    let wakers = [wake(&slot), wake(&slot)];
    let consumed = slot.enter(Moment(5), false, false).waited.is_some();
    slot.exit(Moment(6), false);
    for thread in wakers {
        thread.join().unwrap();
    }
    let seen = slot.read().unwrap();
    assert_eq!(seen.wakes(), 2);
    assert!(consumed || seen.notified());
    // Both before the poll: Tokio may have acted on one of them after its entry.
    assert!(seen.notified() || seen.maybe_notified());
}

pub(crate) fn never_looks_lost() {
    let slot = parked(1);
    let waker = {
        let slot = Arc::clone(&slot);
        thread::spawn(move || {
            // A wake by value.
            slot.wake(Moment(4), DRIVER);
            slot.drop_waker(id());
        })
    };
    let seen = slot.read().unwrap();
    assert!(!seen.parked() || seen.live_wakers() > 0, "{seen:?}");
    waker.join().unwrap();
    assert!(slot.read().unwrap().notified());
}

/// Whether somebody owns the slot.
#[derive(Debug, Default)]
struct Owned(AtomicBool);

#[derive(Debug, Default)]
struct Link(AtomicU32);

impl Linked for Link {
    fn next_free(&self) -> &AtomicU32 {
        &self.0
    }
}

fn take(slab: &Slab<Owned, Link>) -> Option<u32> {
    let (index, owned, _) = slab.take(0)?;
    assert!(!owned.0.swap(true, AcqRel), "slot {index} has two owners");
    Some(index)
}

fn give_back(slab: &Slab<Owned, Link>, index: u32) {
    slab.at(index).unwrap().0.0.store(false, Relaxed);
    slab.give_back(index, 0);
}

pub(crate) fn one_owner() {
    let slab = Arc::new(Slab::<Owned, Link>::new(2));
    let both = [take(&slab).unwrap(), take(&slab).unwrap()];
    for index in both {
        give_back(&slab, index);
    }
    let other = {
        let slab = Arc::clone(&slab);
        thread::spawn(move || {
            // The head is the same again at the end, and what follows it is not.
            let (first, second) = (take(&slab), take(&slab));
            if let Some(first) = first {
                give_back(&slab, first);
            }
            second
        })
    };
    let mine = take(&slab);
    let theirs = other.join().unwrap();
    for index in mine.into_iter().chain(theirs) {
        give_back(&slab, index);
    }
    assert!(take(&slab).is_some() && take(&slab).is_some(), "a free slot is lost");
    assert_eq!(take(&slab), None);
}

pub(crate) fn one_site() {
    let sites = Arc::new(Sites::new());
    let find = |line| {
        let sites = Arc::clone(&sites);
        thread::spawn(move || {
            let (file, name, kind) = ("src/main.rs", "", TaskKind::Task);
            let key = SiteKey { file, line, column: 5, name, kind, own: false };
            sites.find(&key, Moment(1))
        })
    };
    let numbers = [1, 1, 2].map(find).map(|thread| thread.join().unwrap());
    assert_eq!(numbers[0], numbers[1]);
    assert_ne!(numbers[0], numbers[2]);
    assert!(numbers.iter().all(|number| sites.get(*number).is_some()));
    assert!(sites.get(3).is_none(), "no room is lost to a race");
}
