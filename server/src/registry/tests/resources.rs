//! Tasks of a real runtime that wait for Tokio's resources, and what is seen of it: against what the test knows.

mod channels;
mod locks;
mod queues;
mod storm;
mod switching;
mod timers;

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use stranded_analysis::facts::{
    Hold, Holder, ResourceFacts, ResourceKind, ResourceState, TaskId, WaitingTask,
};
use tokio::task::{JoinHandle, yield_now};
use tracing_core::Dispatch;
use tracing_core::dispatcher::with_default;
use tracing_core::subscriber::NoSubscriber;

use super::*;
use crate::config::Resources as Level;
use crate::registry::census::Look;
use crate::subscriber::Tee;

/// A registry behind the subscriber of this thread.
#[derive(Clone)]
struct Scene(Arc<Registry>);

/// Plays a scene in a runtime of this thread, with resources tracked at that level.
fn play<R>(level: Level, scene: impl AsyncFnOnce(Scene) -> R) -> R {
    let registry = Arc::new(Registry::new(1, Capture::Off, Budget::new(0)));
    registry.resources().switch(level, || ());
    let tee = Tee::new(Arc::clone(&registry), NoSubscriber::new());
    with_default(&Dispatch::new(tee), || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(scene(Scene(registry)))
    })
}

/// The number by which people know a task.
fn number<T>(task: &JoinHandle<T>) -> TaskId {
    TaskId(task.id().to_string().parse().unwrap())
}

/// The line of the call.
#[track_caller]
fn line() -> u32 {
    Location::caller().line()
}

impl Scene {
    /// Lets every task of the runtime go on until it can no more.
    async fn settle(&self) {
        for _ in 0..20 {
            yield_now().await;
        }
    }

    fn look(&self) -> Look {
        self.0.look(Duration::ZERO)
    }

    /// What is seen of a task that waits.
    fn task(&self, task: TaskId) -> WaitingTask {
        let tasks = self.look().waiting.tasks;
        let found = tasks.iter().find(|waiting| waiting.id == task).cloned();
        found.unwrap_or_else(|| panic!("{task:?} in {tasks:#?}"))
    }

    /// What is seen of the resource created in that line of this test.
    fn resource(&self, line: u32) -> ResourceFacts {
        let resources = self.look().waiting.resources;
        let is = |resource: &&ResourceFacts| {
            resource.place.as_ref().is_some_and(|place| place.line == line)
        };
        let found = resources.iter().find(is).cloned();
        found.unwrap_or_else(|| panic!("line {line} in {resources:#?}"))
    }

    /// What is seen of the only resource of that kind.
    fn only(&self, kind: ResourceKind) -> ResourceFacts {
        let mut resources = self.look().waiting.resources;
        resources.retain(|resource| resource.kind == kind);
        assert_eq!(resources.len(), 1, "{resources:#?}");
        resources.remove(0)
    }

    /// What a task waits for: the lines where it was created, and for what.
    fn waits(&self, task: TaskId) -> Vec<(Option<u32>, Hold)> {
        let look = self.look();
        let tasks = &look.waiting.tasks;
        let Some(task) = tasks.iter().find(|waiting| waiting.id == task) else { return Vec::new() };
        let line = |id| {
            let resource = look.waiting.resources.iter().find(|resource| resource.id == id);
            resource.expect("it is told too").place.as_ref().map(|place| place.line)
        };
        task.waits.iter().map(|wait| (line(wait.resource), wait.wants)).collect()
    }
}

/// The tasks that hold a resource, and whether each could be elsewhere.
fn holders(resource: &ResourceFacts) -> Vec<(Option<TaskId>, Hold, bool)> {
    let holder = |it: &Holder| (it.task.map(|task| task.id), it.hold, it.movable);
    resource.holders.iter().map(holder).collect()
}

/// Polls a future once, for the sake of its place in a queue: whether it is ready.
async fn poll_once(future: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_ready())).await
}
