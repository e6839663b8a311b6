//! Captures the stacks at which a task clones its waker, through Tokio's own event.

use std::fmt::Debug;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::{Builder, JoinHandle, LocalSet};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::{Dispatch, Event, Metadata, Subscriber};

use super::corpus::shape::Here;

/// The name of the task that is watched.
const WATCHED: &str = "watched";

/// The return addresses of one registration, leaf first.
pub(super) type Stack = Vec<u64>;

/// Runs a task, from any thread's point of view, until it has registered `registrations` wakers at the
/// lines it notes.
pub(super) fn park<F>(registrations: usize, start: impl FnOnce(Here) -> F) -> (Here, Vec<Stack>)
where
    F: Future<Output = ()> + Send + 'static,
{
    watch(registrations, |here| Builder::new().name(WATCHED).spawn(start(here)).unwrap())
}

/// The same for a task of a `LocalSet`.
pub(super) fn park_local<F>(
    registrations: usize,
    start: impl FnOnce(Here) -> F,
) -> (Here, Vec<Stack>)
where
    F: Future<Output = ()> + 'static,
{
    watch(registrations, |here| Builder::new().name(WATCHED).spawn_local(start(here)).unwrap())
}

fn watch(registrations: usize, spawn: impl FnOnce(Here) -> JoinHandle<()>) -> (Here, Vec<Stack>) {
    let capture = Arc::new(Capture::default());
    let here = capture.here.clone();
    tracing_core::dispatcher::with_default(&Dispatch::from(capture.clone()), || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        runtime.block_on(LocalSet::new().run_until(async {
            let task = spawn(here.clone());
            let deadline = Instant::now() + Duration::from_secs(10);
            while capture.stacks.lock().unwrap().len() < registrations {
                assert!(Instant::now() < deadline, "it never parked");
                assert!(!task.is_finished(), "it did not wait");
                tokio::task::yield_now().await;
            }
            task.abort();
        }));
        runtime.shutdown_background();
    });
    let stacks = std::mem::take(&mut *capture.stacks.lock().unwrap());
    (here, stacks)
}

/// A subscriber that takes a stack at every clone of the watched task's waker.
#[derive(Default)]
struct Capture {
    here: Here,
    ids: AtomicU64,
    watched: AtomicU64,
    stacks: Mutex<Vec<Stack>>,
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.ids.fetch_add(1, Ordering::Relaxed) + 1;
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if fields.task_name == WATCHED {
            self.watched.store(id, Ordering::Relaxed);
        }
        Id::from_u64(id)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let watched = fields.task_id == self.watched.load(Ordering::Relaxed);
        if watched && fields.op == "waker.clone" && !self.here.lines().is_empty() {
            let mut stack = Stack::new();
            backtrace::trace(|frame| {
                stack.push(frame.ip() as u64);
                true
            });
            self.stacks.lock().unwrap().push(stack);
        }
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
    fn current_span(&self) -> Current {
        Current::none()
    }
}

/// The fields of Tokio's spans and events that matter here.
#[derive(Default)]
struct Fields {
    task_name: String,
    task_id: u64,
    op: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "task.name" => value.clone_into(&mut self.task_name),
            "op" => value.clone_into(&mut self.op),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "task.id" {
            self.task_id = value;
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
