//! What is true of the service's tasks, by the service's own counters.
//!
//! Every spawn site of the demo keeps a [`Site`]. A task carries a [`Task`] for as long as it lives and
//! tells it where it waits. The agent is not asked: the file written from here is what its word is
//! compared with. Nothing in here registers a waker or adds an `.await`, so a task waits as it would
//! without it.

pub(super) mod file;

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Every site that has spawned a task.
static SITES: Mutex<Vec<&'static Site>> = Mutex::new(Vec::new());

/// One spawn site of the service.
#[derive(Debug)]
pub(crate) struct Site {
    name: &'static str,
    kind: &'static str,
    leaking: bool,
    /// What its tasks wait for, as a code of the report.
    wait: Option<&'static str>,
    /// How many live wakers a task has while it waits there.
    wakers: Option<u32>,
    book: Mutex<Book>,
}

/// The counters of a site.
#[derive(Debug)]
struct Book {
    spawned_at: Option<&'static Location<'static>>,
    waits_at: Option<&'static Location<'static>>,
    spawned: u64,
    live: BTreeMap<u64, Entry>,
}

/// One live task.
#[derive(Debug)]
struct Entry {
    stuck: Mark,
    waiting_since: Option<SystemTime>,
}

impl Site {
    /// A site whose tasks all end, or live as long as the service and are meant to.
    pub(crate) const fn healthy(name: &'static str) -> Self {
        Self {
            name,
            kind: "task",
            leaking: false,
            wait: None,
            wakers: None,
            book: Mutex::new(Book {
                spawned_at: None,
                waits_at: None,
                spawned: 0,
                live: BTreeMap::new(),
            }),
        }
    }

    /// A site some or all of whose tasks get stuck: in `wait`, with `wakers` live wakers.
    pub(crate) const fn leaking(name: &'static str, wait: &'static str, wakers: u32) -> Self {
        let mut site = Self::healthy(name).waiting(wait, wakers);
        site.leaking = true;
        site
    }

    /// This site, whose tasks are known to wait for `wait` with `wakers` live wakers.
    pub(crate) const fn waiting(mut self, wait: &'static str, wakers: u32) -> Self {
        self.wait = Some(wait);
        self.wakers = Some(wakers);
        self
    }

    /// This site, which spawns another kind of task.
    pub(crate) const fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// Counts a task; call it on the line of the spawn.
    #[track_caller]
    pub(crate) fn task(&'static self) -> Task {
        self.marked(&Mark::default())
    }

    /// Counts a task that `stuck` can declare stuck from outside.
    #[track_caller]
    pub(crate) fn marked(&'static self, stuck: &Mark) -> Task {
        let mut book = self.book();
        if book.spawned_at.replace(Location::caller()).is_none() {
            SITES.lock().unwrap_or_else(PoisonError::into_inner).push(self);
        }
        let id = book.spawned;
        book.spawned += 1;
        book.live.insert(id, Entry { stuck: stuck.clone(), waiting_since: None });
        Task { site: self, id, stuck: stuck.clone() }
    }

    /// Live tasks that are stuck.
    pub(crate) fn stuck(&self) -> usize {
        self.book().live.values().filter(|entry| entry.stuck.is_set()).count()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One live task of a site, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Task {
    site: &'static Site,
    id: u64,
    stuck: Mark,
}

impl Task {
    /// Notes that the task is about to wait for `what`, which is handed back as it is.
    #[track_caller]
    pub(crate) fn waits<T>(&self, what: T) -> T {
        let mut book = self.site.book();
        book.waits_at = Some(Location::caller());
        if let Some(entry) = book.live.get_mut(&self.id) {
            entry.waiting_since = Some(SystemTime::now());
        }
        what
    }

    /// Notes that the task is about to wait for `what`, and that nothing will ever end this.
    #[track_caller]
    pub(crate) fn stuck<T>(&self, what: T) -> T {
        let what = self.waits(what);
        self.stuck.set();
        what
    }

    /// The mark by which others declare it stuck.
    pub(crate) fn mark(&self) -> Mark {
        self.stuck.clone()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.site.book().live.remove(&self.id);
    }
}

/// Declares a task stuck from the place that makes it so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mark(Arc<AtomicBool>);

impl Mark {
    /// From here on the task can never finish.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
