//! What a task waits for, however it waits.

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Mutex, Semaphore};

use super::*;

#[test]
fn a_select_over_two_locks_waits_for_both() {
    play(Level::Locks, async |scene| {
        let (a, a_line) = (Arc::new(Mutex::new(())), line());
        let (b, b_line) = (Arc::new(Mutex::new(())), line());
        let (_a, _b) = (a.lock().await, b.lock().await);
        let (first, second) = (Arc::clone(&a), Arc::clone(&b));
        let task = tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = first.lock() => {}
                _ = second.lock() => {}
            }
        });
        scene.settle().await;
        let mut waits = scene.waits(number(&task));
        waits.sort_unstable();
        assert_eq!(waits, [(Some(a_line), Hold::Exclusive), (Some(b_line), Hold::Exclusive)]);
        assert_eq!(scene.task(number(&task)).wakers, Some(2));
    });
}

#[test]
fn what_waits_inside_a_set_of_futures_keeps_no_waker_of_the_task() {
    play(Level::Locks, async |scene| {
        let (lock, created) = (Arc::new(Mutex::new(())), line());
        let _guard = lock.lock().await;
        let inner = Arc::clone(&lock);
        let task = tokio::spawn(async move {
            let lock = || inner.lock();
            let mut set: FuturesUnordered<_> = [lock(), lock()].into_iter().collect();
            set.next().await;
        });
        // Somebody who waits plainly, so that the lock is told of at all.
        let plain = Arc::clone(&lock);
        let other = tokio::spawn(async move { _ = plain.lock().await });
        scene.settle().await;
        assert_eq!(scene.waits(number(&task)), []);
        assert_eq!(scene.waits(number(&other)), [(Some(created), Hold::Exclusive)]);
        assert_eq!(scene.resource(created).waiting, 2, "two tasks, in three places");
    });
}

#[test]
fn a_wait_given_up_is_no_wait() {
    play(Level::Locks, async |scene| {
        let (lock, created) = (Arc::new(Mutex::new(())), line());
        let _guard = lock.lock().await;
        let inner = Arc::clone(&lock);
        let task = tokio::spawn(async move {
            let mut place = Box::pin(inner.lock());
            assert!(!poll_once(&mut place).await);
            yield_now().await;
            std::future::pending::<()>().await;
            drop(place);
        });
        let plain = Arc::clone(&lock);
        tokio::spawn(async move { _ = plain.lock().await });
        scene.settle().await;
        assert_eq!(scene.waits(number(&task)), [], "it does not poll that any more");
        assert_eq!(scene.resource(created).waiting, 2, "but has a place in the queue");
    });
}

#[test]
fn a_wait_that_moves_to_another_task_is_that_ones() {
    play(Level::Locks, async |scene| {
        let (lock, created) = (Arc::new(Mutex::new(())), line());
        let _guard = lock.lock().await;
        let inner = Arc::clone(&lock);
        let (send, receive) = tokio::sync::oneshot::channel();
        let first = tokio::spawn(async move {
            let mut place = Box::pin(inner.lock_owned());
            assert!(!poll_once(&mut place).await);
            assert!(send.send(place).is_ok());
            std::future::pending::<()>().await;
        });
        let second = tokio::spawn(async move { _ = receive.await.unwrap().await });
        scene.settle().await;
        assert_eq!(scene.waits(number(&second)), [(Some(created), Hold::Exclusive)]);
        assert_eq!(scene.waits(number(&first)), []);
        assert_eq!(scene.task(number(&second)).wakers, Some(1));
    });
}

#[test]
fn a_semaphore_tells_its_permits_its_last_takers_and_who_wants_how_many() {
    play(Level::Locks, async |scene| {
        let (permits, created) = (Arc::new(Semaphore::new(5)), line());
        let take = |many: u32| {
            let permits = Arc::clone(&permits);
            tokio::spawn(async move {
                let _permit = permits.acquire_many(many).await.unwrap();
                std::future::pending::<()>().await;
            })
        };
        let (one, two) = (take(1), take(2));
        scene.settle().await;
        let waiter = take(3);
        let owned = Arc::clone(&permits);
        let other = tokio::spawn(async move { _ = owned.acquire_owned().await });
        scene.settle().await;
        let seen = scene.resource(created);
        assert_eq!(seen.kind, ResourceKind::Semaphore);
        assert_eq!(seen.state, ResourceState::Permits { available: 0, capacity: Some(5) });
        assert_eq!((seen.waiting, seen.holders.len(), seen.unknown_holders), (2, 0, 0));
        let takers: Vec<_> = seen.last_takers.iter().map(|task| task.id).collect();
        assert_eq!(takers, [number(&two), number(&one)]);
        assert!(seen.handed_over.is_some());
        assert_eq!(scene.waits(number(&waiter)), [(Some(created), Hold::Permits(3))]);
        assert_eq!(scene.waits(number(&other)), [(Some(created), Hold::Permits(1))]);
        // It gives back two, of which the first waiter takes what it lacks: one.
        two.abort();
        scene.settle().await;
        other.await.unwrap();
        assert_eq!(scene.0.resources().live(), 1);
        waiter.abort();
        one.abort();
        drop(permits);
        scene.settle().await;
        assert_eq!(scene.0.resources().live(), 0);
    });
}

#[test]
fn whose_end_only_its_spawner_awaits_is_part_of_the_graph_with_it() {
    play(Level::Locks, async |scene| {
        let lock = Arc::new(Mutex::new(()));
        let _guard = lock.lock().await;
        let inner = Arc::clone(&lock);
        let parent = tokio::spawn(async move {
            let _ = tokio::spawn(async move { _ = inner.lock().await }).await;
        });
        scene.settle().await;
        let parent = scene.task(number(&parent));
        let child = scene.task(parent.only_child.expect("it has one"));
        assert_eq!((child.waits.len(), parent.waits.len(), parent.wakers), (1, 0, Some(1)));
    });
}
