//! Jobs announce their end through a hand-written future that has room for one waker.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::FutureExt as _;
use tokio::task::Id;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, current, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const WAKER_LOST: Leak = Leak::provable(&["P1"]);

pub(super) const PROGRAM: Program = Program {
    name: "job_signal",
    kind: Kind::Leaking,
    scenario: "L-21",
    about: "the second task that waits for a job takes the place of the first one's waker",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(job(visitor));
    }
}

async fn job(visitor: Visitor) {
    let done = Arc::new(Done::default());
    for _ in 0..=u8::from(visitor.unlucky) {
        spawned(tokio::spawn(notify(Arc::clone(&done))));
    }
    // Both have asked by then.
    while done.asked() < 1 + usize::from(visitor.unlucky) {
        some_work(visitor.number).await;
    }
    done.set();
}

async fn notify(done: Arc<Done>) {
    let result = poll_fn(|cx| done.poll(cx)).await;
    tracing::debug!(result, "job done");
}

#[derive(Default)]
struct Done(Mutex<State>);

#[derive(Default)]
struct State {
    result: Option<u64>,
    waiter: Option<(Waker, Id)>,
    asked: usize,
}

impl Done {
    fn poll(&self, cx: &mut Context<'_>) -> Poll<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = state.result {
            return Poll::Ready(result);
        }
        state.asked += 1;
        // No look at who was there before.
        let waker = waits(cx.waker().clone());
        if let Some((lost, task)) = state.waiter.replace((waker, current()))
            && !lost.will_wake(cx.waker())
        {
            leaks(WAKER_LOST, task);
        }
        Poll::Pending
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).asked
    }

    fn set(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.result = Some(1);
        if let Some((waker, _)) = state.waiter.take() {
            waker.wake();
        }
    }
}
