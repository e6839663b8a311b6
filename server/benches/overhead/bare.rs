//! The floor under any subscriber that times tasks: no table, no ids worth the name, nothing kept.

use std::cell::Cell;

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Interest, LevelFilter, Metadata, Subscriber};

thread_local! {
    /// What happened on this thread: a sum of clock readings, and how many there were.
    static SEEN: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Takes the spans and events of tasks that the agent takes; reads the clock and counts at each.
#[derive(Debug)]
pub(crate) struct Bare {
    clock: quanta::Clock,
}

impl Default for Bare {
    fn default() -> Self {
        Self { clock: quanta::Clock::new() }
    }
}

impl Bare {
    #[inline]
    fn see(&self) -> u64 {
        let now = self.clock.raw();
        SEEN.with(|seen| {
            let (sum, count) = seen.get();
            seen.set((sum.wrapping_add(now), count + 1));
            count + 1
        })
    }
}

/// How much was seen on this thread.
pub(crate) fn seen() -> u64 {
    SEEN.with(|seen| seen.get().1)
}

fn of_a_task(meta: &Metadata<'_>) -> bool {
    matches!(meta.target(), "tokio::task" | "tokio::task::blocking" | "tokio::task::waker")
}

impl Subscriber for Bare {
    fn register_callsite(&self, meta: &'static Metadata<'static>) -> Interest {
        if of_a_task(meta) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, meta: &Metadata<'_>) -> bool {
        of_a_task(meta)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.see())
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.see();
    }

    fn enter(&self, _: &Id) {
        self.see();
    }

    fn exit(&self, _: &Id) {
        self.see();
    }

    fn try_close(&self, _: Id) -> bool {
        self.see();
        false
    }
}
