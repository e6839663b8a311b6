//! Real tasks of a real runtime, seen through the tee.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stranded_analysis::facts::{Cluster, StackId, TaskFacts, TaskId, TaskState, View, Wait};
use tokio::sync::{Notify, mpsc};
use tokio::task::yield_now;
use tokio::time::{interval, sleep};
use tracing_core::Dispatch;
use tracing_core::dispatcher::with_default;
use tracing_core::subscriber::NoSubscriber;

use super::*;
use crate::subscriber::Tee;
use crate::symbols::Symbols;

/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(20);

/// What is known of a task of a runtime of this thread, once `holds` of it.
fn once(
    registry: &Arc<Registry>,
    task: impl Future<Output = ()> + Send + 'static,
    holds: impl Fn(&TaskFacts) -> bool,
) -> (TaskFacts, Cluster) {
    let tee = Tee::new(Arc::clone(registry), NoSubscriber::new());
    with_default(&Dispatch::new(tee), || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let number = tokio::spawn(task).id().to_string();
            let focus = vec![TaskId(number.parse().unwrap())];
            let view = View { focus, limit: 0, ..View::default() };
            let start = Instant::now();
            loop {
                let task = registry.rows(&view, &|_| None).tasks.pop();
                if let Some(task) = task.filter(&holds) {
                    let sites = registry.look(Duration::ZERO).sites;
                    let site = sites.into_iter().find(|site| site.id == task.site).unwrap();
                    return (task, site.clusters.into_iter().next().unwrap());
                }
                assert!(start.elapsed() < DEADLINE, "{:#?}", registry.rows(&view, &|_| None).tasks);
                sleep(Duration::from_millis(1)).await;
            }
        })
    })
}

/// What the tasks of a cluster wait for.
fn waits(registry: &Registry, cluster: &Cluster) -> Vec<Option<Wait>> {
    let describe = |stack: &StackId| {
        let addresses = registry.stacks().addresses(stack.0).unwrap();
        let addresses: Vec<u64> = addresses.iter().map(|address| *address as u64).collect();
        Symbols::default().describe(&addresses).wait
    };
    cluster.stacks.iter().map(describe).collect()
}

#[test]
fn a_tick_that_came_is_not_what_the_task_waits_for() {
    let registry = Arc::new(Registry::new(1, Capture::probe(), Budget::new(0)));
    let (_sender, mut receiver) = mpsc::channel::<()>(1);
    let task = async move {
        let mut ticks = interval(Duration::from_hours(1));
        ticks.tick().await;
        receiver.recv().await;
    };
    let parked_twice = |task: &TaskFacts| task.polls == 2 && task.state == TaskState::Parked;
    let (task, cluster) = once(&registry, task, parked_twice);
    assert_eq!(waits(&registry, &cluster), [Some(Wait::MpscRecv)]);
    assert_eq!(task.registrations.len(), 1, "{:?}", task.registrations);
}

#[test]
fn a_build_without_frame_pointers_has_stacks_as_far_as_the_budget_goes() {
    let parked = |task: &TaskFacts| task.state == TaskState::Parked;
    for (budget, expected) in [(200, vec![Some(Wait::MpscRecv)]), (0, vec![])] {
        let registry = Arc::new(Registry::new(1, Capture::Unwinder, Budget::new(budget)));
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let task = async move { _ = receiver.recv().await };
        let (_, cluster) = once(&registry, task, parked);
        assert_eq!(waits(&registry, &cluster), expected, "with a budget of {budget}");
    }
}

#[test]
fn a_task_polled_where_its_wakers_go_unseen_is_never_judged() {
    const TASKS: u64 = 20;
    for polled_before in [false, true] {
        let registry = Arc::new(Registry::new(1, Capture::Off, Budget::new(0)));
        let seen = Dispatch::new(Tee::new(Arc::clone(&registry), NoSubscriber::new()));
        let unseen = Dispatch::new(NoSubscriber::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (start, polls) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
        let wait_for_polls = |expected| {
            runtime.block_on(async {
                while polls.load(Relaxed) < expected {
                    yield_now().await;
                }
            });
        };
        let never = Arc::new(Notify::new());
        with_default(&seen, || {
            for _ in 0..TASKS {
                let (start, polls, never) = (start.clone(), polls.clone(), never.clone());
                runtime.spawn(async move {
                    if polled_before {
                        polls.fetch_add(1, Relaxed);
                        start.notified().await;
                    }
                    polls.fetch_add(1, Relaxed);
                    never.notified().await;
                });
            }
            if polled_before {
                wait_for_polls(TASKS);
                start.notify_waiters();
            }
        });
        with_default(&unseen, || wait_for_polls(TASKS * if polled_before { 2 } else { 1 }));
        let look = registry.look(Duration::ZERO);
        let zero_wakers: u64 = look.sites[0].clusters.iter().map(|at| at.zero_wakers).sum();
        assert_eq!((look.unaccounted, zero_wakers), (TASKS, 0), "before: {polled_before}");
    }
}
