//! How much is tracked can change while tasks hold and wait.

use tokio::sync::Mutex;
use tracing_core::callsite::rebuild_interest_cache;

use super::*;

/// A task that holds the lock, and one that waits for it.
fn contend(lock: &Arc<Mutex<()>>) -> [JoinHandle<()>; 2] {
    [(); 2].map(|()| {
        let lock = Arc::clone(lock);
        tokio::spawn(async move {
            let _guard = lock.lock().await;
            std::future::pending::<()>().await;
        })
    })
}

#[test]
fn nothing_is_seen_while_nothing_is_tracked() {
    play(Level::Off, async |scene| {
        let lock = Arc::new(Mutex::new(()));
        contend(&lock);
        scene.settle().await;
        let look = scene.look();
        assert!(look.waiting.tasks.is_empty() && look.waiting.resources.is_empty());
        assert_eq!(scene.0.resources().live(), 0);
    });
}

#[test]
fn what_was_created_while_off_stays_unknown_and_what_comes_after_is_seen() {
    play(Level::Off, async |scene| {
        let early = Arc::new(Mutex::new(()));
        contend(&early);
        scene.settle().await;
        scene.0.resources().switch(Level::Locks, rebuild_interest_cache);
        contend(&early);
        let (late, created) = (Arc::new(Mutex::new(())), line());
        let [holder, waiter] = contend(&late);
        scene.settle().await;
        let seen = scene.look().waiting.resources;
        assert_eq!(seen.len(), 1, "{seen:#?}");
        let seen = scene.resource(created);
        assert_eq!(holders(&seen), [(Some(number(&holder)), Hold::Exclusive, false)]);
        assert_eq!(scene.waits(number(&waiter)), [(Some(created), Hold::Exclusive)]);

        scene.0.resources().switch(Level::Off, rebuild_interest_cache);
        assert!(scene.look().waiting.resources.is_empty());
        let _unseen = Arc::new(Mutex::new(()));
        assert_eq!(scene.0.resources().live(), 1, "the late one, still alive");
        scene.0.resources().switch(Level::Locks, rebuild_interest_cache);
        assert!(scene.look().waiting.resources.is_empty(), "who knows what happened meanwhile");
        holder.abort();
        waiter.abort();
        drop(late);
        scene.settle().await;
        assert_eq!(scene.0.resources().live(), 0);
    });
}

#[test]
fn locks_stay_known_while_timers_come_and_go() {
    play(Level::Locks, async |scene| {
        let (lock, created) = (Arc::new(Mutex::new(())), line());
        let [holder, _waiter] = contend(&lock);
        scene.settle().await;
        for level in [Level::All, Level::Locks] {
            scene.0.resources().switch(level, rebuild_interest_cache);
            let seen = scene.resource(created);
            assert_eq!(holders(&seen), [(Some(number(&holder)), Hold::Exclusive, false)]);
        }
    });
}
