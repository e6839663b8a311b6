//! The promise to the host: with the agent inside, neither a wake nor a poll allocates.
//!
//! One test only, in a process of its own: the agent is installed for all of it.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;

use allocation_counter::AllocationInfo;
use futures::task::AtomicWaker;
use stranded_server::{Builder, Stacks};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc};

/// Wakes, and as many polls.
const CYCLES: usize = 10_000;

/// Lets the other tasks have their turn. Unlike `yield_now`, it needs no list of deferred wakers.
async fn turn() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A parked task that registers its waker anew at each poll, and what wakes it.
struct Parked {
    waker: Arc<AtomicWaker>,
    polls: Arc<AtomicUsize>,
}

impl Parked {
    fn spawn(runtime: &Runtime) -> Self {
        let (waker, polls) = (Arc::new(AtomicWaker::new()), Arc::new(AtomicUsize::new(0)));
        let parked = Self { waker: Arc::clone(&waker), polls: Arc::clone(&polls) };
        runtime.spawn(poll_fn(move |context| {
            polls.fetch_add(1, Relaxed);
            waker.register(context.waker());
            Poll::<()>::Pending
        }));
        parked
    }

    /// What this thread allocates while the task is woken and polled `cycles` times.
    fn cycle(&self, runtime: &Runtime, cycles: usize) -> AllocationInfo {
        let before = self.polls.load(Relaxed);
        let allocated = allocation_counter::measure(|| {
            runtime.block_on(async {
                for _ in 0..cycles {
                    self.waker.wake();
                    turn().await;
                }
            });
        });
        assert_eq!(self.polls.load(Relaxed) - before, cycles, "each wake brought a poll");
        allocated
    }
}

/// What this thread allocates while a message goes to and fro between two tasks. Their spawning and
/// their end are not part of it: both may allocate.
fn hops(runtime: &Runtime, hops: usize) -> AllocationInfo {
    let (there, mut arrivals) = mpsc::channel(1);
    let (back, mut returns) = mpsc::channel(1);
    let (whistle, phase) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let echo =
        async move { while arrivals.recv().await.is_some() && back.send(()).await.is_ok() {} };
    let play = {
        let (whistle, phase) = (Arc::clone(&whistle), Arc::clone(&phase));
        async move {
            phase.store(1, Relaxed);
            whistle.notified().await;
            for _ in 0..hops / 2 {
                there.send(()).await.expect("the echo answers");
                returns.recv().await.expect("the echo answers");
            }
            phase.store(2, Relaxed);
            whistle.notified().await;
        }
    };
    let reach = |wanted| {
        runtime.block_on(async {
            while phase.load(Relaxed) < wanted {
                turn().await;
            }
        });
    };
    let tasks = [runtime.spawn(echo), runtime.spawn(play)];
    reach(1);
    whistle.notify_one();
    let allocated = allocation_counter::measure(|| reach(2));
    whistle.notify_one();
    for task in tasks {
        runtime.block_on(task).expect("both end");
    }
    allocated
}

#[test]
fn a_wake_and_a_poll_allocate_nothing() {
    Builder::new().bind("off").stacks(Stacks::On).init();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let parked = Parked::spawn(&runtime);

    // Call sites register and stacks are interned the first time.
    parked.cycle(&runtime, 100);
    hops(&runtime, 100);

    let control = allocation_counter::measure(|| drop(Box::new([0u8; 64])));
    assert_eq!(control.count_total, 1, "allocations are counted");

    let allocated = parked.cycle(&runtime, CYCLES);
    assert_eq!(allocated.count_total, 0, "by {CYCLES} wakes and polls: {allocated:?}");

    // Each new channel allocates twice on first use, with or without the agent; its messages must not.
    let (few, many) = (hops(&runtime, 100), hops(&runtime, CYCLES));
    assert_eq!(many.count_total, few.count_total, "by {CYCLES} hops: {many:?}");
}
