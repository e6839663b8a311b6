//! The truth as a file, for whoever wants to compare.

use std::fs;
use std::io;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::{SITES, Site};

/// How often the file is written.
const EVERY: Duration = Duration::from_millis(250);

/// Everything that is true at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Process id of the service.
    pub pid: u32,
    /// When this was read, in milliseconds since the Unix epoch.
    pub at_unix_ms: u64,
    /// The spawn sites of the service itself that have spawned something, by name. Those of its
    /// libraries are not listed.
    pub sites: Vec<SiteTruth>,
}

/// What is true of one spawn site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteTruth {
    /// What the service calls it.
    pub name: String,
    /// The file that spawns.
    pub file: String,
    /// The line that spawns.
    pub line: u32,
    /// `task`, `blocking` or `block_on`.
    pub kind: String,
    /// Whether some of its tasks never finish, by a fault.
    pub leaking: bool,
    /// Tasks ever spawned.
    pub spawned: u64,
    /// Tasks alive.
    pub live: u64,
    /// Of them, those that will never finish.
    pub leaked: u64,
    /// Where they wait; `None` where that is not one place.
    pub wait: Option<WaitTruth>,
    /// Live wakers of a task that waits there; `None` where that is not one number.
    pub wakers: Option<u32>,
    /// Since when they wait, oldest first: the leaked tasks of a leaking site, all of another.
    pub waiting_since_unix_ms: Vec<u64>,
}

/// Where tasks wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitTruth {
    /// What for, as a code of the report; `other` where it is no known primitive.
    pub kind: String,
    /// The file of the await.
    pub file: String,
    /// The line of the await.
    pub line: u32,
}

impl Truth {
    /// Reads the counters.
    pub(super) fn now() -> Self {
        let known = SITES.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut sites: Vec<_> = known.into_iter().filter_map(Site::truth).collect();
        sites.sort_by(|a, b| a.name.cmp(&b.name));
        Self { pid: std::process::id(), at_unix_ms: unix_ms(SystemTime::now()), sites }
    }
}

impl Site {
    fn truth(&self) -> Option<SiteTruth> {
        let book = self.book();
        let place = book.spawned_at?;
        let leaked = book.live.values().filter(|entry| entry.stuck.is_set()).count();
        let mut waiting_since_unix_ms: Vec<_> = book
            .live
            .values()
            .filter(|entry| !self.leaking || entry.stuck.is_set())
            .filter_map(|entry| entry.waiting_since.map(unix_ms))
            .collect();
        waiting_since_unix_ms.sort_unstable();
        let waits = |(kind, at): (&str, &Location<'_>)| WaitTruth {
            kind: kind.to_owned(),
            file: at.file().to_owned(),
            line: at.line(),
        };
        Some(SiteTruth {
            name: self.name.to_owned(),
            file: place.file().to_owned(),
            line: place.line(),
            kind: self.kind.to_owned(),
            leaking: self.leaking,
            spawned: book.spawned,
            live: book.live.len() as u64,
            leaked: leaked as u64,
            wait: self.wait.zip(book.waits_at).map(waits),
            wakers: self.wakers,
            waiting_since_unix_ms,
        })
    }
}

/// Keeps `path` true from now on, from a thread that runs no tasks.
pub(in crate::demo) fn keep(path: PathBuf) -> anyhow::Result<()> {
    write(&path).with_context(|| format!("cannot write the truth file `{}`", path.display()))?;
    thread::Builder::new().name("truth".to_owned()).spawn(move || {
        loop {
            thread::sleep(EVERY);
            if let Err(error) = write(&path) {
                tracing::warn!(%error, path = %path.display(), "truth file not written");
            }
        }
    })?;
    Ok(())
}

/// Replaces the file in one step, so that no reader sees half of it.
fn write(path: &Path) -> io::Result<()> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".tmp");
    fs::write(&fresh, serde_json::to_vec_pretty(&Truth::now())?)?;
    fs::rename(&fresh, path)
}

fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
