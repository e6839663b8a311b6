//! Locks: who waits, who holds, and what is not known.

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Mutex, RwLock, oneshot};

use super::*;

#[test]
fn of_a_lock_cycle_both_locks_both_holders_and_both_waiters_are_seen() {
    play(Level::Locks, async |scene| {
        let (a, a_line) = (Arc::new(Mutex::new(())), line());
        let (b, b_line) = (Arc::new(Mutex::new(())), line());
        let both = |first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
            let (first, second) = (Arc::clone(first), Arc::clone(second));
            tokio::spawn(async move {
                let _first = first.lock().await;
                yield_now().await;
                let _second = second.lock().await;
            })
        };
        let (ab, ba) = (both(&a, &b), both(&b, &a));
        scene.settle().await;

        for (line, holder, waiter) in [(a_line, &ab, &ba), (b_line, &ba, &ab)] {
            let lock = scene.resource(line);
            assert_eq!((lock.kind, lock.state), (ResourceKind::Mutex, ResourceState::Locked(true)));
            assert!(lock.place.as_ref().unwrap().file.ends_with("locks.rs"));
            assert_eq!(holders(&lock), [(Some(number(holder)), Hold::Exclusive, false)]);
            assert!(lock.holders[0].task.unwrap().alive);
            assert_eq!((lock.unknown_holders, lock.waiting, lock.granted.len()), (0, 1, 0));
            assert_eq!(lock.last_takers[0].id, number(holder));
            assert!(lock.holders[0].since <= lock.waiting_since);
            assert_eq!(lock.touched_by, None);

            assert_eq!(scene.waits(number(waiter)), [(Some(line), Hold::Exclusive)]);
            let waiting = scene.task(number(waiter));
            assert_eq!(waiting.wakers, Some(1));
            assert_eq!(waiting.waits[0].resource, lock.id);
            assert!(waiting.settled_since.is_some(), "nothing happens any more");
        }
        let look = scene.look();
        assert_eq!((look.waiting.tasks.len(), look.waiting.resources.len()), (2, 2));
        let clusters = look.sites.iter().flat_map(|site| &site.clusters);
        assert!(clusters.clone().flat_map(|cluster| &cluster.waits).all(|wait| wait.tasks == 1));
        assert_eq!(clusters.map(|cluster| cluster.waits.len()).sum::<usize>(), 2);
        ab.abort();
        ba.abort();
        scene.settle().await;
        assert!(scene.look().waiting.tasks.is_empty());
        assert!(scene.look().waiting.resources.is_empty());
    });
}

#[test]
fn readers_and_a_writer_are_told_apart() {
    play(Level::Locks, async |scene| {
        let (lock, created) = (Arc::new(RwLock::new(())), line());
        let hold = |shared: bool| {
            let lock = Arc::clone(&lock);
            let (done, wait) = oneshot::channel::<()>();
            let task = tokio::spawn(async move {
                if shared {
                    let _guard = lock.read().await;
                    let _ = wait.await;
                } else {
                    let _guard = lock.write().await;
                    let _ = wait.await;
                }
            });
            (task, done)
        };
        let (one, one_done) = hold(true);
        let (two, two_done) = hold(true);
        scene.settle().await;
        let (writer, writer_done) = hold(false);
        scene.settle().await;
        let (late, late_done) = hold(true);
        scene.settle().await;

        let seen = scene.resource(created);
        assert_eq!(seen.kind, ResourceKind::RwLock);
        assert_eq!(seen.state, ResourceState::ReadWrite { writer: false, readers: 2 });
        let readers = [&one, &two].map(|task| (Some(number(task)), Hold::Shared, false));
        assert_eq!(holders(&seen), readers);
        assert_eq!((seen.unknown_holders, seen.waiting), (0, 2));
        assert_eq!(scene.waits(number(&writer)), [(Some(created), Hold::Exclusive)]);
        assert_eq!(scene.waits(number(&late)), [(Some(created), Hold::Shared)]);

        drop((one_done, two_done));
        scene.settle().await;
        let seen = scene.resource(created);
        assert_eq!(seen.state, ResourceState::ReadWrite { writer: true, readers: 0 });
        assert_eq!(holders(&seen), [(Some(number(&writer)), Hold::Exclusive, false)]);
        assert_eq!(seen.waiting, 1);
        drop((writer_done, late_done));
        for task in [one, two, writer, late] {
            task.await.unwrap();
        }
        assert!(scene.look().waiting.resources.is_empty(), "nobody waits any more");
    });
}

#[test]
fn a_writer_that_waits_out_of_sight_keeps_readers_behind_it_from_being_sure() {
    play(Level::Locks, async |scene| {
        let (lock, created) = (Arc::new(RwLock::new(())), line());
        let reader = Arc::clone(&lock);
        let holder = tokio::spawn(async move {
            let _guard = reader.read().await;
            std::future::pending::<()>().await;
        });
        scene.settle().await;
        let writer = Arc::clone(&lock);
        let set = tokio::spawn(async move {
            let mut set: FuturesUnordered<_> = [writer.write_owned()].into_iter().collect();
            set.next().await;
        });
        scene.settle().await;
        let behind = Arc::clone(&lock);
        let waiter = tokio::spawn(async move { _ = behind.read().await });
        scene.settle().await;
        let seen = scene.resource(created);
        assert_eq!(holders(&seen), [(Some(number(&holder)), Hold::Shared, false)]);
        assert_eq!((seen.unknown_holders, seen.waiting), (1, 2), "the writer may give up");
        assert_eq!(scene.waits(number(&waiter)), [(Some(created), Hold::Shared)]);
        drop(set);
    });
}

#[test]
fn a_guard_that_can_go_anywhere_is_said_to() {
    play(Level::Locks, async |scene| {
        let (owned, owned_line) = (Arc::new(Mutex::new(())), line());
        let (tried, tried_line) = (Arc::new(Mutex::new(())), line());
        let (outside, outside_line) = (Arc::new(Mutex::new(())), line());
        let locks = [&owned, &tried, &outside].map(Arc::clone);
        let taker = tokio::spawn(async move {
            std::mem::forget(Arc::clone(&owned).lock_owned().await);
            std::mem::forget(tried.try_lock().unwrap());
        });
        let id = number(&taker);
        taker.await.unwrap();
        std::thread::spawn(move || std::mem::forget(outside.try_lock().unwrap())).join().unwrap();
        for lock in locks {
            tokio::spawn(async move { _ = lock.lock().await });
        }
        scene.settle().await;
        for line in [owned_line, tried_line] {
            let seen = scene.resource(line);
            assert_eq!(holders(&seen), [(Some(id), Hold::Exclusive, true)]);
            assert!(!seen.holders[0].task.unwrap().alive, "it has ended, and the guard lives on");
        }
        // That thread has another subscriber: the lock is taken, and nobody has said so.
        let seen = scene.resource(outside_line);
        assert_eq!(
            (holders(&seen), seen.state, seen.waiting),
            (vec![], ResourceState::Locked(false), 1)
        );
    });
}

#[test]
fn a_lock_taken_outside_any_task_has_a_holder_that_is_no_task() {
    play(Level::Locks, async |scene| {
        let (lock, created) = (Arc::new(Mutex::new(())), line());
        let outer = Arc::clone(&lock);
        let dispatch = tracing_core::dispatcher::get_default(Clone::clone);
        std::thread::spawn(move || {
            with_default(&dispatch, || std::mem::forget(outer.blocking_lock()));
        })
        .join()
        .unwrap();
        tokio::spawn(async move { _ = lock.lock().await });
        scene.settle().await;
        let seen = scene.resource(created);
        assert_eq!(holders(&seen), [(None, Hold::Exclusive, false)]);
    });
}

#[test]
fn a_guard_dropped_by_another_task_leaves_no_holder_behind() {
    play(Level::Locks, async |scene| {
        let (lock, created) = (Arc::new(Mutex::new(())), line());
        let (send, receive) = oneshot::channel();
        let first = Arc::clone(&lock);
        let taker = tokio::spawn(async move { _ = send.send(first.lock_owned().await) });
        let dropper = tokio::spawn(async move { drop(receive.await.unwrap()) });
        taker.await.unwrap();
        dropper.await.unwrap();
        let again = Arc::clone(&lock);
        let holder = tokio::spawn(async move {
            let _guard = again.lock().await;
            std::future::pending::<()>().await;
        });
        scene.settle().await;
        tokio::spawn(async move { _ = lock.lock().await });
        scene.settle().await;
        let seen = scene.resource(created);
        assert_eq!(holders(&seen), [(Some(number(&holder)), Hold::Exclusive, false)]);
    });
}

#[test]
fn of_a_futurelock_the_place_that_nobody_takes_up_is_seen() {
    play(Level::Locks, async |scene| {
        let (lock, created) = (Arc::new(Mutex::new(())), line());
        let (give, wait) = oneshot::channel::<()>();
        let first = Arc::clone(&lock);
        let holder = tokio::spawn(async move {
            let _guard = first.lock().await;
            let _ = wait.await;
        });
        scene.settle().await;
        let second = Arc::clone(&lock);
        let stuck = tokio::spawn(async move {
            let mut place = Box::pin(second.lock());
            assert!(!poll_once(&mut place).await);
            // It keeps its place, and waits behind itself.
            let _guard = second.lock().await;
            drop(place);
        });
        let third = tokio::spawn(async move { _ = lock.lock().await });
        scene.settle().await;
        assert_eq!(scene.resource(created).granted, []);
        drop(give);
        holder.await.unwrap();
        scene.settle().await;

        let seen = scene.resource(created);
        assert_eq!((holders(&seen), seen.state), (vec![], ResourceState::Locked(false)));
        let granted: Vec<_> = seen.granted.iter().map(|grant| grant.task.unwrap().id).collect();
        assert_eq!(granted, [number(&stuck)]);
        assert!(Some(seen.granted[0].at) >= seen.waiting_since);
        assert_eq!(seen.waiting, 2);
        for task in [&stuck, &third] {
            assert_eq!(scene.waits(number(task)), [(Some(created), Hold::Exclusive)]);
            assert_eq!(scene.task(number(task)).wakers, Some(1));
        }
    });
}
