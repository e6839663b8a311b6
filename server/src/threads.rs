//! The threads that poll tasks: what each of them is inside of, in a record that only it writes.
//!
//! The records are few and fixed. A thread takes one at its first poll and gives it back when it ends.

use std::cell::Cell;
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::sync::{Mutex, PoisonError};

use stranded_analysis::facts::{Moment, WorkerId};

use crate::context;
use crate::own;
use crate::registry::SlotId;

/// The most threads told of at a time.
const LIMIT: usize = 512;
const _: () = assert!(LIMIT < 1 << Place::BITS);

/// What one thread writes of itself.
#[repr(align(128))]
struct Record {
    /// The thread's number; 0: the record is free.
    thread: AtomicU32,
    /// The number of the registry whose tasks it polls; 0: nothing here counts yet.
    registry: AtomicU32,
    /// When the thread took it.
    since: AtomicU64,
    /// Slot id of the outermost task under poll; 0: none.
    polling: AtomicU64,
    /// The end of its latest poll, and of its latest poll of a task of kind `local`; 0: none.
    last_poll: AtomicU64,
    last_local_poll: AtomicU64,
    name: Mutex<String>,
}

static RECORDS: [Record; LIMIT] = [const {
    Record {
        thread: AtomicU32::new(0),
        registry: AtomicU32::new(0),
        since: AtomicU64::new(0),
        polling: AtomicU64::new(0),
        last_poll: AtomicU64::new(0),
        last_local_poll: AtomicU64::new(0),
        name: Mutex::new(String::new()),
    }
}; LIMIT];

/// Where a thread's record is, in a few bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u16);

/// A thread that polls, as seen from another.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) id: WorkerId,
    pub(crate) name: String,
    /// The outermost task under poll.
    pub(crate) polling: Option<SlotId>,
    pub(crate) last_poll: Option<Moment>,
    pub(crate) last_local_poll: Option<Moment>,
}

thread_local! {
    /// Gives the thread's record back when the thread ends.
    static KEEPER: Keeper = const { Keeper(Cell::new(Place::NONE)) };
}

struct Keeper(Cell<Place>);

impl Drop for Keeper {
    fn drop(&mut self) {
        context::with(|context| context.forget_record());
        if let Some(record) = self.0.get().record() {
            record.registry.store(0, Release);
            record.thread.store(0, Release);
        }
    }
}

/// The record of the current thread, for tasks of `registry`; none for the agent's own threads, for one that is about
/// to end, or if all are taken.
#[cold]
pub(crate) fn take(registry: u32, now: Moment) -> Place {
    if own::is_own() {
        return Place::NONE;
    }
    let taken = KEEPER.try_with(|keeper| {
        let place = match keeper.0.get() {
            Place::NONE => free_place(),
            place => place,
        };
        if let Some(record) = place.record() {
            keeper.0.set(place);
            let name = std::thread::current().name().unwrap_or_default().to_owned();
            *record.name.lock().unwrap_or_else(PoisonError::into_inner) = name;
            for time in [&record.polling, &record.last_poll, &record.last_local_poll] {
                time.store(0, Relaxed);
            }
            record.since.store(now.0, Relaxed);
            record.registry.store(registry, Release);
        }
        place
    });
    taken.unwrap_or(Place::NONE)
}

/// Takes a free record.
fn free_place() -> Place {
    static NUMBERS: AtomicU32 = AtomicU32::new(1);
    let number = NUMBERS.fetch_add(1, Relaxed);
    let is_taken =
        |record: &Record| record.thread.compare_exchange(0, number, AcqRel, Relaxed).is_ok();
    RECORDS.iter().position(is_taken).map_or(Place::NONE, |at| Place(at as u16 + 1))
}

impl Place {
    /// No record.
    pub(crate) const NONE: Self = Self(0);
    /// How many bits tell it.
    pub(crate) const BITS: u32 = 12;

    /// Its bits.
    #[inline]
    pub(crate) fn bits(self) -> u64 {
        u64::from(self.0)
    }

    /// What has those bits.
    #[inline]
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self((bits & ((1 << Self::BITS) - 1)) as u16)
    }

    #[inline]
    fn record(self) -> Option<&'static Record> {
        RECORDS.get(usize::from(self.0).wrapping_sub(1))
    }

    /// This thread, whose record it is, begins to poll a task.
    #[inline]
    pub(crate) fn begin(self, id: SlotId) {
        if let Some(record) = self.record()
            && record.polling.load(Relaxed) == 0
        {
            record.polling.store(id.raw(), Release);
        }
    }

    /// The poll has ended. `local`: the task's kind is.
    #[inline]
    pub(crate) fn end(self, id: SlotId, local: bool, now: Moment) {
        let Some(record) = self.record() else { return };
        if record.polling.load(Relaxed) == id.raw() {
            record.polling.store(0, Release);
        }
        record.last_poll.store(now.0, Relaxed);
        if local {
            record.last_local_poll.store(now.0, Relaxed);
        }
    }

    /// The thread that has had this record since before `then`.
    pub(crate) fn thread(self, registry: u32, then: Moment) -> Option<WorkerId> {
        let record = self.record()?;
        let same =
            record.registry.load(Acquire) == registry && record.since.load(Relaxed) <= then.0;
        let thread = record.thread.load(Acquire);
        (same && thread != 0).then_some(WorkerId(thread))
    }
}

/// The threads that have polled tasks of `registry` and still run.
pub(crate) fn of(registry: u32) -> impl Iterator<Item = Seen> {
    let time = |of: &AtomicU64| Some(of.load(Relaxed)).filter(|ns| *ns != 0).map(Moment);
    RECORDS.iter().filter_map(move |record| {
        if record.registry.load(Acquire) != registry {
            return None;
        }
        let thread = record.thread.load(Acquire);
        let seen = Seen {
            id: WorkerId(thread),
            name: record.name.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            polling: SlotId::from_raw(record.polling.load(Acquire)),
            last_poll: time(&record.last_poll),
            last_local_poll: time(&record.last_local_poll),
        };
        // Another thread may have taken it meanwhile.
        (thread != 0 && record.thread.load(Acquire) == thread).then_some(seen)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Registries that no other test has.
    const HERE: u32 = u32::MAX;

    fn names() -> Vec<String> {
        let mut names: Vec<_> = of(HERE).map(|thread| thread.name).collect();
        names.sort();
        names
    }

    #[test]
    fn a_thread_has_a_record_from_its_first_poll_to_its_end() {
        let task = SlotId::new(7, 1);
        let thread = |name: &str, act: &(dyn Fn() + Sync)| {
            std::thread::scope(|scope| {
                let named = std::thread::Builder::new().name(name.to_owned());
                named.spawn_scoped(scope, act).unwrap().join().unwrap();
            });
        };
        thread("one", &|| {
            let place = take(HERE, Moment(5));
            assert_eq!(take(HERE, Moment(6)), place, "it has one only");
            place.begin(task);
            place.begin(SlotId::new(8, 1));
            assert_eq!(of(HERE).next().unwrap().polling, Some(task), "the outermost");
            assert!(place.thread(HERE, Moment(6)).is_some());
            assert_eq!(place.thread(HERE, Moment(5).back(std::time::Duration::MAX)), None);
            thread("two", &|| {
                assert_ne!(take(HERE, Moment(7)), place);
                assert_eq!(names(), ["one", "two"]);
            });
            place.end(task, false, Moment(9));
            let seen = of(HERE).next().unwrap();
            assert_eq!((seen.polling, seen.last_poll), (None, Some(Moment(9))));
            assert_eq!(seen.last_local_poll, None);
        });
        assert_eq!(names(), [""; 0]);
    }

    #[test]
    fn the_agents_own_threads_have_none() {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                own::mark_thread();
                assert_eq!(take(HERE - 1, Moment(1)), Place::NONE);
            });
        });
    }
}
