//! `GET /quote`: a hand-written future with room for one waker and two tasks that wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::extract::Query;
use serde::Deserialize;

use crate::demo::truth::{Mark, Site, Task};

pub(crate) static QUOTE: Site = Site::leaking("quote", "other", 0);

#[derive(Deserialize)]
pub(crate) struct Wish {
    sku: u64,
    /// Whether a second pair of eyes sees the quote.
    #[serde(default)]
    reviewed: bool,
}

/// Asks for a price; everybody who needs it waits for the same answer.
pub(crate) async fn quote(Query(wish): Query<Wish>) -> String {
    let answer = Arc::new(Answer::default());
    for reader in 0..=u8::from(wish.reviewed) {
        tokio::spawn(note(QUOTE.task(), Arc::clone(&answer), reader));
    }
    // The supplier takes a moment.
    tokio::time::sleep(Duration::from_millis(20)).await;
    answer.give(wish.sku * 3);
    format!("{} costs {}\n", wish.sku, wish.sku * 3)
}

async fn note(task: Task, answer: Arc<Answer>, reader: u8) {
    let price = std::future::poll_fn(|cx| answer.poll(cx, &task)).await;
    tracing::debug!(price, reader, "quoted");
}

/// A price that arrives once.
#[derive(Default)]
struct Answer(Mutex<State>);

#[derive(Default)]
struct State {
    price: Option<u64>,
    /// Whom to wake. The second who waits takes the place of the first.
    waiter: Option<(Waker, Mark)>,
}

impl Answer {
    fn poll(&self, cx: &mut Context<'_>, task: &Task) -> Poll<u64> {
        let mut state = self.state();
        if let Some(price) = state.price {
            return Poll::Ready(price);
        }
        let waker = task.waits(cx.waker().clone());
        if let Some((lost, mark)) = state.waiter.replace((waker, task.mark()))
            && !lost.will_wake(cx.waker())
        {
            mark.set();
        }
        Poll::Pending
    }

    fn give(&self, price: u64) {
        let mut state = self.state();
        state.price = Some(price);
        if let Some((waker, _)) = state.waiter.take() {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
