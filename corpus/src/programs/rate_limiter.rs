//! Callers wait for their turn in a hand-written queue of wakers that is bounded.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use futures::FutureExt as _;
use tokio::task::Id;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, current, leaks, spawned, waits};
use crate::harness::{Kind, Program, Stage, Visitor};

const WAKER_DROPPED: Leak = Leak::provable(&["P1"]);
const ROOM: usize = 4;

pub(super) const PROGRAM: Program = Program {
    name: "rate_limiter",
    kind: Kind::Leaking,
    scenario: "",
    about: "a queue of wakers with room for four drops the oldest one instead of waking it",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(burst(visitor));
    }
}

/// Some callers at once: more than there is room for, now and then.
async fn burst(visitor: Visitor) {
    let callers = if visitor.unlucky { ROOM + 1 } else { ROOM };
    let queue = Arc::new(Queue::default());
    for _ in 0..callers {
        spawned(tokio::spawn(call(Arc::clone(&queue))));
    }
    while queue.state().came < callers {
        some_work(visitor.number).await;
    }
    queue.open();
}

async fn call(queue: Arc<Queue>) {
    let mut queued = false;
    let turn = poll_fn(|cx| {
        let mut state = queue.state();
        if state.open {
            return Poll::Ready(());
        }
        if !std::mem::replace(&mut queued, true) {
            state.came += 1;
            if state.wakers.len() == ROOM
                && let Some((_, forgotten)) = state.wakers.pop_front()
            {
                leaks(WAKER_DROPPED, forgotten);
            }
            state.wakers.push_back((waits(cx.waker().clone()), current()));
        }
        Poll::Pending
    });
    turn.await;
}

#[derive(Default)]
struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    open: bool,
    came: usize,
    wakers: VecDeque<(Waker, Id)>,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) {
        let mut state = self.state();
        state.open = true;
        for (waker, _) in state.wakers.drain(..) {
            waker.wake();
        }
    }
}
