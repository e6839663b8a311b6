//! Locks: who waits, who holds, and what is not known.

use tokio::sync::Mutex;

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
