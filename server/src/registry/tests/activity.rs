//! Tasks that are not parked and do not get on, in real runtimes.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::task::Poll;
use std::time::Duration;

use stranded_analysis::facts::{Activity, TaskId, TaskKind};
use tokio::sync::{Notify, mpsc};
use tokio::task::{Id, LocalSet};

use super::super::census::Look;
use super::service::{Service, site_at};

/// How long a task must have been woken to count as not polled here.
const LATE: Duration = Duration::from_millis(50);

fn task(id: Id) -> TaskId {
    TaskId(id.to_string().parse().unwrap())
}

fn parked(look: &Look, line: u32) -> Option<()> {
    let site = site_at(look, line)?;
    (site.clusters.iter().map(|cluster| cluster.parked).sum::<u64>() == 1).then_some(())
}

fn no_unpolled(look: &Look) -> Option<()> {
    (look.activity.unpolled_total == 0 && look.activity.unpolled.is_empty()).then_some(())
}

#[test]
fn a_task_in_the_lifo_slot_of_a_blocked_worker_is_seen_with_that_worker() {
    let service = Service::with_workers(2);
    let bell = Arc::new(Notify::new());
    let (go_on, block) = channel::<()>();
    let (victim, line) = service.run(|runtime| {
        let bell = Arc::clone(&bell);
        (task(runtime.spawn(async move { bell.notified().await }).id()), line!())
    });
    service.until(LATE, |look| parked(look, line));
    let culprit = service.run(|runtime| {
        let blocks = async move {
            bell.notify_one();
            block.recv().unwrap_err();
        };
        task(runtime.spawn(blocks).id())
    });
    let (unpolled, workers) = service.until(LATE, |look| {
        let Activity { workers, unpolled, unpolled_total, .. } = &look.activity;
        assert_eq!(unpolled.len() as u64, *unpolled_total);
        Some((*unpolled.iter().find(|unpolled| unpolled.id == victim)?, workers.clone()))
    });
    let by = workers.iter().find(|worker| Some(worker.id) == unpolled.woken_on).unwrap();
    assert_eq!(by.polling.unwrap().task, culprit);
    assert!(by.polling.unwrap().since <= unpolled.woken);
    assert!(by.name.starts_with("tokio-"), "{by:?}");
    assert!(unpolled.polled_on.is_some());

    drop(go_on);
    service.until(LATE, no_unpolled);
    let registry = Arc::clone(&service.registry);
    drop(service);
    assert_eq!(registry.look(LATE).activity.workers, [], "they ended with the runtime");
}

#[test]
fn tasks_of_a_local_set_that_nobody_drives_are_seen_with_the_thread_that_did() {
    let service = Service::with_workers(0);
    let bell = Arc::new(Notify::new());
    let set = LocalSet::new();
    let (woken, never) = service.run(|runtime| {
        let rung = Arc::clone(&bell);
        let woken = set.spawn_local(async move { rung.notified().await }).id();
        set.block_on(runtime, tokio::task::yield_now());
        let never = set.spawn_local(async {}).id();
        (task(woken), task(never))
    });
    let since = service.registry.clock().now();
    service.run(|_| bell.notify_one());
    let (tasks, workers) = service.until(LATE, |look| {
        let found = &look.activity;
        (found.unpolled_total == 2).then(|| (found.unpolled.clone(), found.workers.clone()))
    });
    assert_eq!(tasks.iter().map(|task| task.id).collect::<Vec<_>>(), [never, woken]);
    let here = workers.iter().find(|worker| worker.name == std::thread::current().name().unwrap());
    let here = here.unwrap();
    assert!(here.last_local_poll.unwrap() <= here.last_poll.unwrap());
    assert!(here.polling.is_none());
    assert_eq!((tasks[0].polled_on, tasks[1].polled_on), (None, Some(here.id)));
    assert!(tasks[0].woken < since && tasks[1].woken >= since);
    let site = service.registry.look(LATE).sites.into_iter().find(|it| it.id == tasks[1].site);
    assert_eq!(site.unwrap().site.kind, TaskKind::Local);

    service.run(|runtime| runtime.block_on(set));
    service.until(LATE, no_unpolled);
}

#[test]
fn a_task_that_wakes_itself_spins_and_two_that_wake_each_other_do_not() {
    let service = Service::with_workers(2);
    let stop = Arc::new(AtomicBool::new(false));
    let (there, mut arrivals) = mpsc::channel::<()>(1);
    let (back, mut returns) = mpsc::channel::<()>(1);
    let (spinner, ping, pong) = service.run(|runtime| {
        let over = Arc::clone(&stop);
        let spinner = runtime.spawn(poll_fn(move |context| {
            if over.load(super::Relaxed) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }));
        let ping = runtime.spawn(async move {
            while there.send(()).await.is_ok() && returns.recv().await.is_some() {}
        });
        let pong = runtime.spawn(async move {
            while arrivals.recv().await.is_some() && back.send(()).await.is_ok() {}
        });
        (task(spinner.id()), ping, pong)
    });
    let found = service.until(LATE, |look| {
        let spinning = &look.activity.spinning;
        assert!(spinning.iter().all(|found| found.id == spinner), "{spinning:?}");
        // For so long that the other two have been compared as well.
        let found = spinning.first()?;
        (look.at.since(found.since) > Duration::from_millis(500)).then_some(*found)
    });
    assert!(found.polls_per_s >= 1000.0 && found.self_woken > 0.9, "{found:?}");
    stop.store(true, super::Relaxed);
    service.until(LATE, |look| look.activity.spinning.is_empty().then_some(()));
    ping.abort();
    pong.abort();
}
