//! A guard against leaked tasks in tests: the engine of `stranded`, in the process that it judges.
//!
//! ```
//! # #[derive(Clone)]
//! # struct Cache(tokio_util::sync::CancellationToken);
//! # impl Cache {
//! #     async fn start() -> Self {
//! #         let token = tokio_util::sync::CancellationToken::new();
//! #         tokio::spawn({ let token = token.clone(); async move { token.cancelled().await } });
//! #         Self(token)
//! #     }
//! #     async fn shutdown(self) { self.0.cancel() }
//! # }
//! # /*
//! #[tokio::test]
//! # */
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! #     cache_shuts_down().await
//! # }
//! async fn cache_shuts_down() {
//!     let guard = stranded_server::testing::guard();
//!     Cache::start().await.shutdown().await;
//!     guard.assert_no_leaks().await;
//! }
//! ```
//!
//! [`Guard::assert_no_leaks`] returns as soon as every task is gone that was spawned since the guard was made, on
//! the guard's own runtime. If some are still alive when the [grace](Guard::grace) is over, it panics with their
//! spawn sites, the lines at which they wait, and what can be proven of them.
//!
//! **Which tasks.** A task belongs to the runtime that polls it, so tests that run side by side do not see each
//! other's, and neither does a guard see those that its test puts on a further runtime. One that was never polled
//! counts for the runtime in which it was spawned. Tasks of `spawn_local` and `spawn_blocking` count; the future
//! under `block_on`, which is the test itself, does not.
//!
//! **Time.** The grace is real time, whatever `tokio::time::pause` does, and needs no timer of the runtime. Under
//! paused time waiting lets the clock jump to the next timer, as in any other wait: a task that only sleeps ends.
//!
//! **What it needs.** Tokio's instrumentation (`--cfg tokio_unstable`, see `stranded doctor`). Where the guard
//! cannot see tasks it panics and says what to change; it never passes unseen. It becomes the process's `tracing`
//! subscriber, once, and opens no port. A test binary that wants its logs as well hands its subscriber over first,
//! in a `Once`: `Builder::new().bind("off").wrap(subscriber).init()`.
//!
//! **A whole binary.** The tests of one binary end one by one, and the end of a test's runtime drops whatever it
//! leaked: when the process exits there is nothing left to look at. So each test has its own guard. Where there is
//! one end for all, [`whole_process`] guards every runtime at once: in a test target with `harness = false`, in a
//! runner with a process for each test, or in a program's own `main`.
//!
//! ```
//! # fn run_all_tests() {}
//! fn main() {
//!     let guard = stranded_server::testing::whole_process();
//!     run_all_tests();
//!     guard.assert_no_leaks_blocking();
//! }
//! ```

mod allowance;
mod failure;
mod wait;

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use stranded_analysis::facts::Instrumentation;
use tokio::runtime::Handle;

use crate::builder::Builder;
use crate::observer::Observer;
use crate::registry::Guarded;
use crate::subscriber;

use allowance::Allowance;
pub use failure::Failure;
use wait::Wait;

/// How long tasks have to end, if the test does not say.
const GRACE: Duration = Duration::from_secs(2);

/// Guards against tasks that the rest of this test leaves behind on its runtime.
///
/// # Panics
///
/// Outside a runtime, and where tasks cannot be seen: it says what to change.
#[track_caller]
pub fn guard() -> Guard {
    let place = Location::caller();
    let Ok(runtime) = Handle::try_current() else {
        panic!(
            "a leak guard belongs to a runtime: make it in a `#[tokio::test]` or under `block_on`"
        );
    };
    Guard::new(Some(runtime), place)
}

/// Guards against tasks that the rest of this process leaves behind, on any runtime.
///
/// # Panics
///
/// Where tasks cannot be seen: it says what to change.
#[track_caller]
pub fn whole_process() -> Guard {
    Guard::new(None, Location::caller())
}

/// Tells the tasks spawned since it was made that do not end.
#[derive(Debug)]
#[must_use = "it looks only when told to: `guard.assert_no_leaks().await`"]
pub struct Guard {
    observer: Arc<Observer>,
    guarded: Guarded,
    /// The tasks that the guarded runtime had before, and the runtime.
    runtime: Option<(u64, Handle)>,
    place: &'static Location<'static>,
    grace: Duration,
    allowances: Vec<Allowance>,
}

impl Guard {
    fn new(runtime: Option<Handle>, place: &'static Location<'static>) -> Self {
        let (agent, _) = Builder::new().bind("off").init_once();
        let observer = agent.observer;
        observer.registry().ask_runtimes();
        let guard = Self {
            guarded: Guarded {
                since: observer.registry().clock().now(),
                runtime: runtime.as_ref().map(Handle::id),
            },
            observer,
            runtime: runtime.map(|it| (it.metrics().num_alive_tasks() as u64, it)),
            place,
            grace: GRACE,
            allowances: Vec::new(),
        };
        if let Some(missing) = guard.missing() {
            panic!("{}", Failure::blind(&missing));
        }
        guard
    }

    /// How long tasks have to end before they count as leaked; two seconds if not set.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Lets all tasks of a spawn site stay: `src/metrics.rs`, `src/metrics.rs:88`, or a task name, with `*` for any
    /// text. A path may begin at any of its folders.
    pub fn ignore(self, site: &str) -> Self {
        self.residents(site, u64::MAX)
    }

    /// Lets up to `most` tasks of the spawn sites that `site` matches stay, as in [`ignore`](Self::ignore).
    pub fn residents(mut self, site: &str, most: u64) -> Self {
        self.allowances.push(Allowance::new(site, most));
        self
    }

    /// Waits until the guarded tasks have ended.
    ///
    /// # Panics
    ///
    /// With the report, if some do not within the grace, or if it cannot be told.
    pub async fn assert_no_leaks(&self) {
        if let Err(failure) = self.check().await {
            panic!("{failure}");
        }
    }

    /// Waits like [`assert_no_leaks`](Self::assert_no_leaks), but blocks its thread. Not for a task or a
    /// current-thread runtime, whose tasks could not go on meanwhile.
    ///
    /// # Panics
    ///
    /// With the report, if some tasks do not end within the grace, or if it cannot be told.
    #[track_caller]
    pub fn assert_no_leaks_blocking(&self) {
        let mut wait = Wait::new(self);
        let result = loop {
            match wait.look() {
                Some(result) => break result,
                None => std::thread::sleep(wait.pause()),
            }
        };
        if let Err(failure) = result {
            panic!("{failure}");
        }
    }

    /// Waits until the guarded tasks have ended, and says which have not.
    pub async fn check(&self) -> Result<(), Failure> {
        let mut wait = Wait::new(self);
        loop {
            match wait.look() {
                Some(result) => return result,
                None => wait::asleep(wait.pause()).await,
            }
        }
    }

    /// What keeps tasks from being seen on this thread, as far as known by now.
    fn missing(&self) -> Option<Instrumentation> {
        let found = self.observer.instrumentation();
        if matches!(found, Instrumentation::Missing { .. }) {
            return Some(found);
        }
        (!subscriber::events_arrive()).then(|| Instrumentation::Missing {
            because: "another `tracing` subscriber is in place on this thread".to_owned(),
            fix: "keep no scoped one (`set_default`, `with_default`) where tasks are spawned, but hand it over: \
                  `Builder::new().bind(\"off\").wrap(subscriber).init()`"
                .to_owned(),
        })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.observer.registry().leave_runtimes();
    }
}
