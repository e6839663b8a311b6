//! What is true of a program's tasks, told by the program itself into a side file.
//!
//! A task that the file does not mention is healthy. A leak counts from the call that makes it one: [`stuck`]
//! right before the task waits for ever, or [`leaks`] from the place that makes it so. Nothing in here
//! registers a waker or adds an `.await`, so a task waits as it would without it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::panic::Location;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::task::{self, AbortHandle, Id, JoinHandle};

static FILE: OnceLock<Mutex<File>> = OnceLock::new();

/// One line of a truth file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, in milliseconds of the system's clock.
    pub at_ms: u64,
    /// Tokio's id of the task.
    pub task: u64,
    /// What became true of it.
    pub fact: Fact,
}

/// What a program says of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// It was spawned there.
    Spawned(Place),
    /// It waits there, maybe for long.
    Waits(Place),
    /// From now on it can never finish.
    Leaks {
        /// Whether that follows from what can be known of the process alone.
        provable: bool,
        /// The rules that name the cause; one of them is enough.
        rules: Vec<String>,
        /// For how long the condition of those rules must have held, in milliseconds.
        asks_ms: u64,
    },
    /// It waits for a task that leaks.
    Victim {
        /// The rules that may speak of what it waits for, such as a lock or a queue.
        rules: Vec<String>,
    },
    /// It has ended after all.
    Ended,
}

/// A line of source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file, from the root of the workspace.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// A way to leak.
#[derive(Clone, Copy, Debug)]
pub struct Leak {
    provable: bool,
    rules: &'static [&'static str],
    asks: Duration,
}

impl Leak {
    /// One that can be proven, by one of `rules`.
    pub const fn provable(rules: &'static [&'static str]) -> Self {
        Self { provable: true, rules, asks: Duration::ZERO }
    }

    /// One that can only be likely, by one of `rules`.
    pub const fn likely(rules: &'static [&'static str]) -> Self {
        Self { provable: false, rules, asks: Duration::ZERO }
    }

    /// This one, whose rules ask that their condition has held for so long.
    pub const fn asking(self, asks: Duration) -> Self {
        Self { asks, ..self }
    }
}

/// What a spawn hands back.
pub trait Spawned {
    /// The task's id.
    fn task(&self) -> Id;
}

impl<T> Spawned for JoinHandle<T> {
    fn task(&self) -> Id {
        self.id()
    }
}

impl Spawned for AbortHandle {
    fn task(&self) -> Id {
        self.id()
    }
}

/// Notes where a task was spawned that may leak; call it on the line of the spawn.
#[track_caller]
pub fn spawned<S: Spawned>(handle: S) -> S {
    note(handle.task(), Fact::Spawned(here(Location::caller())));
    handle
}

/// Notes that the current task is about to wait for `what`, which is handed back as it is.
#[track_caller]
pub fn waits<T>(what: T) -> T {
    note(current(), Fact::Waits(here(Location::caller())));
    what
}

/// Notes that the current task is about to wait in the `select!` on the line below.
#[track_caller]
pub fn waits_below() {
    let place = here(Location::caller());
    note(current(), Fact::Waits(Place { line: place.line + 1, ..place }));
}

/// Notes that the current task is about to wait for `what`, and that nothing will ever end this.
#[track_caller]
pub fn stuck<T>(leak: Leak, what: T) -> T {
    note(current(), Fact::Waits(here(Location::caller())));
    leaks(leak, current());
    what
}

/// Notes that `task` can never finish from now on.
pub fn leaks(leak: Leak, task: Id) {
    let rules = leak.rules.iter().map(|&rule| rule.to_owned()).collect();
    let asks_ms = leak.asks.as_millis() as u64;
    note(task, Fact::Leaks { provable: leak.provable, rules, asks_ms });
}

/// Notes that the current task is about to wait for a task that leaks, where only `rules` may speak of what is
/// between them.
#[track_caller]
pub fn victim<T>(rules: &[&str], what: T) -> T {
    note(current(), Fact::Waits(here(Location::caller())));
    is_victim(rules, current());
    what
}

/// Notes that `task` waits for a task that leaks.
pub fn is_victim(rules: &[&str], task: Id) {
    note(task, Fact::Victim { rules: rules.iter().map(|&rule| rule.to_owned()).collect() });
}

/// Notes the end of the current task when it is dropped: for tasks of which others decide whether they leak.
pub fn ending() -> Ending {
    Ending(current())
}

/// See [`ending`].
#[derive(Debug)]
pub struct Ending(Id);

impl Drop for Ending {
    fn drop(&mut self) {
        note(self.0, Fact::Ended);
    }
}

/// The task that runs this.
///
/// # Panics
///
/// Outside of tasks.
pub fn current() -> Id {
    task::try_id().expect("the truth is told inside of tasks")
}

fn here(place: &Location<'_>) -> Place {
    Place { file: place.file().to_owned(), line: place.line() }
}

fn note(task: Id, fact: Fact) {
    let Some(file) = FILE.get() else { return };
    // Tokio prints the number of an id, and has no other way to it.
    let task = task.to_string().parse().expect("the id of a task is a number");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let line = Line { at_ms: now.as_millis() as u64, task, fact };
    let mut text = serde_json::to_vec(&line).expect("plain data has a JSON form");
    text.push(b'\n');
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    // One write a line: whoever reads sees whole lines but for the last.
    file.write_all(&text).expect("the truth file can be written");
}

/// From here on the truth goes to the file at `path`.
pub fn keep(path: &Path) -> std::io::Result<()> {
    let file = File::create(path)?;
    // A second file would be a mistake of the harness, which calls this once.
    FILE.set(Mutex::new(file)).ok();
    Ok(())
}

/// Every whole line of a truth file.
pub fn read(path: &Path) -> std::io::Result<Vec<Line>> {
    let lines = BufReader::new(File::open(path)?).lines();
    lines
        .map_while(|line| match line.map(|line| serde_json::from_str(&line)) {
            Ok(Ok(line)) => Some(Ok(line)),
            // The last line may be on its way.
            Ok(Err(_)) => None,
            Err(error) => Some(Err(error)),
        })
        .collect()
}
