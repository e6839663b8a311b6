//! What is watched: on a current-thread runtime, so that every nanosecond is on one clock.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::task::AtomicWaker;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::yield_now;

use crate::configuration::Configuration;

/// Tasks handled between two turns of the driving future. The scheduler runs 61 before it looks at the
/// driving future again, so all of them are done by then.
const BATCH: usize = 32;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// A task is spawned, runs to its end in one poll, and is freed.
    SpawnComplete,
    /// The same at a pace that a subscriber which queues can follow: bursts with a rest between them,
    /// and only the bursts are timed.
    SpawnPaced,
    /// A parked task is woken through its waker, polled, and registers its waker again.
    WakePoll,
    /// A message goes from one task to another and wakes it.
    MpscHop,
    /// A mutex that nobody else wants is locked and unlocked.
    MutexLock,
    /// A task is parked with a waker registered.
    Memory,
}

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// For figures.
    Full,
    /// To show that it works.
    Short,
}

impl Workload {
    pub(crate) const ALL: [Self; 6] = [
        Self::SpawnComplete,
        Self::SpawnPaced,
        Self::WakePoll,
        Self::MpscHop,
        Self::MutexLock,
        Self::Memory,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SpawnComplete => "spawn+complete",
            Self::SpawnPaced => "spawn+complete, paced",
            Self::WakePoll => "wake+poll",
            Self::MpscHop => "mpsc hop",
            Self::MutexLock => "mutex lock+unlock",
            Self::Memory => "parked task",
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Memory => "B",
            _ => "ns",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workload| workload.name() == name)
    }

    /// Nanoseconds for one, or bytes of resident memory.
    pub(crate) fn measure(self, configuration: Configuration, effort: Effort) -> f64 {
        let runtime =
            Builder::new_current_thread().build().expect("a runtime without drivers starts");
        match self {
            Self::SpawnComplete => best(effort, |operations| spawn_complete(&runtime, operations)),
            Self::SpawnPaced => paced(effort, |operations| spawn_complete(&runtime, operations)),
            Self::WakePoll => {
                let tasks = Woken::spawn(&runtime);
                best(effort, |operations| tasks.wake(&runtime, operations))
            }
            Self::MpscHop => best(effort, |operations| mpsc_hops(&runtime, operations)),
            Self::MutexLock => {
                let mutex = Mutex::new(());
                best(effort, |operations| lock(&runtime, &mutex, operations))
            }
            Self::Memory => parked_bytes(&runtime, configuration, effort),
        }
    }
}

impl Effort {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Short => "short",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Full, Self::Short].into_iter().find(|effort| effort.name() == name)
    }
}

/// The least time that one operation took in any of many short batches: interference only ever adds,
/// and some batch of a millisecond has none.
fn best(effort: Effort, run: impl Fn(usize)) -> f64 {
    let (enough, operations) = match effort {
        Effort::Full => (Duration::from_millis(1_500), 6_400),
        Effort::Short => (Duration::from_millis(20), 640),
    };
    // Call sites are registered, tables have grown, stacks are interned.
    run(operations);
    let (mut least, mut spent) = (Duration::MAX, Duration::ZERO);
    while spent < enough {
        let start = Instant::now();
        run(operations);
        let took = start.elapsed();
        least = least.min(took);
        spent += took;
    }
    least.as_nanos() as f64 / operations as f64
}

/// The median time that one operation took in a burst, each after a rest.
fn paced(effort: Effort, run: impl Fn(usize)) -> f64 {
    const BURST: usize = BATCH * 16;
    let bursts = match effort {
        Effort::Full => 41,
        Effort::Short => 3,
    };
    let mut times: Vec<f64> = (0..bursts)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(20));
            let start = Instant::now();
            run(BURST);
            start.elapsed().as_nanos() as f64 / BURST as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn lock(runtime: &Runtime, mutex: &Mutex<()>, operations: usize) {
    runtime.block_on(async {
        for _ in 0..operations {
            drop(mutex.lock().await);
        }
    });
}

fn spawn_complete(runtime: &Runtime, operations: usize) {
    let done = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        for _ in 0..operations / BATCH {
            for _ in 0..BATCH {
                let done = Arc::clone(&done);
                drop(tokio::spawn(async move { done.fetch_add(1, Relaxed) }));
            }
            yield_now().await;
        }
    });
    assert_eq!(done.load(Relaxed), operations / BATCH * BATCH, "all tasks ran");
}

/// Parked tasks that can be woken one by one.
struct Woken {
    wakers: Vec<Arc<AtomicWaker>>,
    polls: Arc<AtomicUsize>,
}

impl Woken {
    fn spawn(runtime: &Runtime) -> Self {
        let polls = Arc::new(AtomicUsize::new(0));
        let wakers: Vec<Arc<AtomicWaker>> = (0..BATCH).map(|_| Arc::default()).collect();
        for waker in &wakers {
            let (waker, polls) = (Arc::clone(waker), Arc::clone(&polls));
            runtime.spawn(poll_fn(move |context| {
                polls.fetch_add(1, Relaxed);
                waker.register(context.waker());
                Poll::<()>::Pending
            }));
        }
        runtime.block_on(yield_now());
        Self { wakers, polls }
    }

    fn wake(&self, runtime: &Runtime, operations: usize) {
        let before = self.polls.load(Relaxed);
        runtime.block_on(async {
            for _ in 0..operations / BATCH {
                for waker in &self.wakers {
                    waker.wake();
                }
                yield_now().await;
            }
        });
        assert_eq!(
            self.polls.load(Relaxed) - before,
            operations / BATCH * BATCH,
            "each wake brought a poll"
        );
    }
}

fn mpsc_hops(runtime: &Runtime, operations: usize) {
    let (ping, mut pings) = mpsc::channel(1);
    let (pong, mut pongs) = mpsc::channel(1);
    runtime.spawn(async move {
        while let Some(()) = pings.recv().await {
            if pong.send(()).await.is_err() {
                break;
            }
        }
    });
    let player = runtime.spawn(async move {
        for _ in 0..operations / 2 {
            ping.send(()).await.expect("the other side answers");
            pongs.recv().await.expect("the other side answers");
        }
    });
    runtime.block_on(player).expect("the game ends");
}

/// Resident bytes for each of many tasks parked at one line.
fn parked_bytes(runtime: &Runtime, configuration: Configuration, effort: Effort) -> f64 {
    let count = match (effort, configuration) {
        (Effort::Short, _) => 2_000,
        // They take a hundred times as much; a tenth of them tells the same.
        (Effort::Full, Configuration::Console) => 20_000,
        (Effort::Full, _) => 200_000,
    };
    spawn_complete(runtime, 1_000);
    let bell = Arc::new(Notify::new());
    let before = resident_bytes();
    for _ in 0..count {
        let bell = Arc::clone(&bell);
        runtime.spawn(async move { bell.notified().await });
    }
    // The root runs last, after every task of the queue has had its poll, and again until none is new.
    runtime.block_on(async {
        for _ in 0..=count / BATCH {
            yield_now().await;
        }
    });
    assert_eq!(runtime.metrics().num_alive_tasks(), count, "all tasks are parked");
    let bytes = (resident_bytes() - before) / count as f64;
    bell.notify_waiters();
    bytes
}

/// Resident memory of this process.
fn resident_bytes() -> f64 {
    let status =
        std::fs::read_to_string("/proc/self/status").expect("Linux tells the memory of a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u32>().ok());
    f64::from(kilobytes.unwrap_or_else(|| panic!("no VmRSS in {status}"))) * 1024.0
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
