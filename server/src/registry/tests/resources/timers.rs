//! Timers: when they fire, and whose they are.

use std::ops::RangeInclusive;

use futures::stream::{FuturesUnordered, StreamExt};
use stranded_analysis::facts::{Cluster, Moment};
use tokio::sync::Mutex;
use tokio::time::{Instant, interval_at, sleep, timeout};

use super::*;

const HOUR: Duration = Duration::from_hours(1);

/// When a timer of that length fires that was started between two moments; Tokio rounds to milliseconds.
fn due(before: Moment, length: Duration, after: Moment) -> RangeInclusive<Moment> {
    let slack = Duration::from_millis(3);
    before.forward(length).back(slack)..=after.forward(length + slack)
}

/// The only cluster of tasks with a timer.
fn timed(look: &Look) -> &Cluster {
    let mut clusters = look.sites.iter().flat_map(|site| &site.clusters);
    clusters.find(|cluster| cluster.timers.is_some()).expect("one has timers")
}

#[test]
fn the_tasks_at_a_sleep_are_told_with_the_time_when_they_go_on() {
    play(Level::All, async |scene| {
        let before = scene.0.clock().now();
        for hours in [3, 1, 2] {
            tokio::spawn(async move { sleep(HOUR * hours).await });
        }
        scene.settle().await;
        let look = scene.look();
        let timers = timed(&look).timers.unwrap();
        assert_eq!(timers.tasks, 3);
        assert!(due(before, HOUR, look.at).contains(&timers.soonest), "{timers:?}");
        assert!(due(before, HOUR * 3, look.at).contains(&timers.latest), "{timers:?}");
        assert!(look.waiting.tasks.is_empty(), "who only sleeps is not part of the graph");
        assert!(look.waiting.resources.is_empty());
    });
}

#[test]
fn a_task_with_a_set_of_sleeps_has_a_timer() {
    play(Level::All, async |scene| {
        let before = scene.0.clock().now();
        tokio::spawn(async {
            let mut sleeps: FuturesUnordered<_> =
                (1..=50).map(|hours| sleep(HOUR * hours)).collect();
            sleeps.next().await;
        });
        scene.settle().await;
        let look = scene.look();
        let cluster = timed(&look);
        assert_eq!((cluster.timers.unwrap().tasks, cluster.waits.len()), (1, 0));
        assert!(due(before, HOUR, look.at).contains(&cluster.timers.unwrap().soonest));
    });
}

#[test]
fn an_interval_is_one_resource_at_its_own_line() {
    play(Level::All, async |scene| {
        let created = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let lock = Arc::new(Mutex::new(()));
        let _guard = lock.lock().await;
        let (place, inner) = (Arc::clone(&created), Arc::clone(&lock));
        let before = scene.0.clock().now();
        let task = tokio::spawn(async move {
            let start = Instant::now() + HOUR;
            let (mut ticks, line) = (interval_at(start, HOUR), line());
            place.store(line, Relaxed);
            tokio::select! {
                biased;
                _ = ticks.tick() => {}
                _ = inner.lock() => {}
            }
        });
        scene.settle().await;
        let line = created.load(Relaxed);
        let mut waits = scene.waits(number(&task));
        waits.sort_unstable_by_key(|(_, wants)| *wants);
        assert_eq!(waits.len(), 2);
        assert_eq!(waits[1], (Some(line), Hold::Signal));
        let seen = scene.resource(line);
        let ResourceState::Timer { due: Some(at) } = seen.state else { panic!("{seen:?}") };
        assert!(due(before, HOUR, scene.look().at).contains(&at));
        assert_eq!(seen.kind, ResourceKind::Interval);
    });
}

#[test]
fn a_lock_with_a_timeout_shows_both() {
    play(Level::All, async |scene| {
        let (lock, created) = (Arc::new(Mutex::new(())), line());
        let _guard = lock.lock().await;
        let inner = Arc::clone(&lock);
        let task = tokio::spawn(async move { _ = timeout(HOUR, inner.lock()).await });
        scene.settle().await;
        let waits = scene.waits(number(&task));
        assert!(waits.contains(&(Some(created), Hold::Exclusive)), "{waits:?}");
        assert!(waits.iter().any(|(_, wants)| *wants == Hold::Signal), "{waits:?}");
        assert_eq!(scene.task(number(&task)).wakers, Some(2));
    });
}

#[test]
fn timers_are_not_seen_where_only_locks_are() {
    play(Level::Locks, async |scene| {
        tokio::spawn(sleep(HOUR));
        scene.settle().await;
        let look = scene.look();
        assert!(look.sites.iter().flat_map(|site| &site.clusters).all(|it| it.timers.is_none()));
        assert_eq!(scene.0.resources().live(), 0);
    });
}
