//! Which wait keeps a task's own waker: only what is sure may be told.

use std::time::Duration;

use stranded_analysis::facts::TaskKind;

use super::*;
use crate::registry::{Spawn, WakerOp};
use crate::stack::{Budget, Capture};

struct Scene {
    registry: Arc<Registry>,
    op: Op,
}

impl Scene {
    fn new() -> Self {
        let registry = Arc::new(Registry::new(1, Capture::Off, Budget::new(0)));
        let channel = registry.open_channel(ResourceKind::Mpsc, Location::caller());
        let op = Op::new(channel.as_ref(), Hold::Receive);
        Self { registry, op }
    }

    fn task(&self) -> SlotId {
        self.registry.spawn(&Spawn {
            kind: TaskKind::Task,
            name: "",
            number: 0,
            size: 0,
            original_size: 0,
            file: "src/main.rs",
            line: 1,
            column: 1,
        })
    }

    /// The task is polled, and polls the operation, which does so to the task's wakers.
    fn poll(&mut self, task: SlotId, wakers: &[WakerOp], result: Poll<()>) {
        self.registry.enter(task, true);
        let polled = self.op.poll(|| {
            for op in wakers {
                self.registry.waker(*op, task);
            }
            result
        });
        assert_eq!(polled, result);
        self.registry.exit(task);
    }

    /// The task is polled, and polls something else.
    fn poll_without(&self, task: SlotId) {
        self.registry.enter(task, true);
        self.registry.exit(task);
    }

    /// The tasks that wait in the operation, as far as that is sure.
    fn waiting(&self) -> Vec<u64> {
        let look = self.registry.look(Duration::ZERO);
        let waits = look.waiting.tasks.iter().filter(|task| !task.waits.is_empty());
        waits.map(|task| task.id.0).collect()
    }
}

use WakerOp::{Clone as Cloned, Drop as Dropped};

#[test]
fn a_wait_with_the_tasks_own_waker_is_told_until_it_is_over() {
    let mut scene = Scene::new();
    let task = scene.task();
    scene.poll(task, &[Cloned], Poll::Pending);
    assert_eq!(scene.waiting(), [task.raw()]);
    scene.poll(task, &[], Poll::Pending);
    assert_eq!(scene.waiting(), [task.raw()], "it keeps the waker that it has");
    scene.poll(task, &[Cloned, Dropped], Poll::Pending);
    assert_eq!(scene.waiting(), [task.raw()], "replaced by another of the task's");
    scene.poll(task, &[], Poll::Ready(()));
    assert_eq!(scene.waiting(), [0; 0]);
}

#[test]
fn a_wait_that_was_not_polled_last_is_not_told() {
    let mut scene = Scene::new();
    let task = scene.task();
    scene.poll(task, &[Cloned], Poll::Pending);
    scene.poll_without(task);
    assert_eq!(scene.waiting(), [0; 0]);
    scene.poll(task, &[], Poll::Pending);
    assert_eq!(scene.waiting(), [task.raw()], "taken up again");
}

#[test]
fn a_wait_with_somebody_elses_waker_is_not_told() {
    let mut scene = Scene::new();
    let task = scene.task();
    scene.poll(task, &[], Poll::Pending);
    assert_eq!(scene.waiting(), [0; 0], "polled by a set of futures from the start");
    scene.poll(task, &[Cloned], Poll::Pending);
    scene.poll(task, &[Dropped], Poll::Pending);
    assert_eq!(scene.waiting(), [0; 0], "moved into a set");
}

#[test]
fn a_wait_of_which_the_waker_may_be_used_up_is_not_told() {
    let mut scene = Scene::new();
    let task = scene.task();
    scene.poll(task, &[Cloned], Poll::Pending);
    scene.op.disarm();
    assert_eq!(scene.waiting(), [0; 0]);
    scene.poll(task, &[], Poll::Pending);
    assert_eq!(scene.waiting(), [0; 0]);
    scene.poll(task, &[Cloned], Poll::Pending);
    assert_eq!(scene.waiting(), [task.raw()]);
    scene.poll(task, &[], Poll::Ready(()));
    scene.poll(task, &[], Poll::Pending);
    assert_eq!(scene.waiting(), [0; 0], "it began anew without a waker of the task's");
}

#[test]
fn a_wait_that_another_task_takes_over_is_that_tasks() {
    let mut scene = Scene::new();
    let (first, second) = (scene.task(), scene.task());
    scene.poll(first, &[Cloned], Poll::Pending);
    scene.poll(second, &[], Poll::Pending);
    assert_eq!(scene.waiting(), [0; 0], "the first one's waker is not the second one's");
    scene.poll(second, &[Cloned], Poll::Pending);
    assert_eq!(scene.waiting(), [second.raw()]);
}

#[test]
fn what_is_given_up_is_forgotten() {
    let mut scene = Scene::new();
    let task = scene.task();
    scene.poll(task, &[Cloned], Poll::Pending);
    let Scene { registry, op } = scene;
    drop(op);
    assert!(registry.look(Duration::ZERO).waiting.resources.is_empty());
}

#[test]
fn there_is_room_again_once_others_are_gone() {
    let registry = Arc::new(Registry::new(1, Capture::Off, Budget::new(0)));
    let open = || registry.open_channel(ResourceKind::Mpsc, Location::caller());
    let mut channels = Vec::new();
    while let Some(channel) = open() {
        channels.push(channel);
        assert!(channels.len() <= 1 << 20, "there is a bound");
    }
    assert!(channels.len() > 1 << 16);
    channels.clear();
    assert!(open().is_some());
}
