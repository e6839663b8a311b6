//! Many threads at the same locks: afterwards nobody holds, nobody waits, and nothing is left.

use tokio::sync::{Mutex, RwLock, Semaphore, mpsc};

use super::*;

const THREADS: usize = 8;
const TASKS: usize = 4;
const ROUNDS: usize = 300;

/// The locks of the storm.
struct Locks {
    mutexes: [Arc<Mutex<u64>>; 2],
    rwlock: Arc<RwLock<u64>>,
    permits: Semaphore,
}

async fn hammer(locks: Arc<Locks>, seed: usize, messages: mpsc::Sender<usize>) {
    for round in 0..ROUNDS {
        match (seed + round) % 7 {
            0 => *locks.mutexes[0].lock().await += 1,
            1 => *locks.mutexes[1].clone().lock_owned().await += 1,
            2 => _ = *locks.rwlock.read().await,
            3 => *locks.rwlock.write().await += 1,
            4 => _ = locks.permits.acquire_many(2).await.unwrap(),
            5 => {
                // A guard that another task drops, and a wait that is given up.
                let guard = locks.mutexes[1].clone().lock_owned().await;
                tokio::spawn(async move { drop(guard) });
                let mut given_up = Box::pin(locks.mutexes[1].lock());
                poll_once(&mut given_up).await;
            }
            _ => messages.send(round).await.unwrap(),
        }
        if round % 3 == 0 {
            yield_now().await;
        }
    }
}

#[test]
fn after_a_storm_no_holder_no_waiter_and_no_slot_is_left() {
    let registry = Arc::new(Registry::new(4, Capture::Off, Budget::new(0)));
    registry.resources().switch(Level::All, || ());
    let dispatch = Dispatch::new(Tee::new(Arc::clone(&registry), NoSubscriber::new()));
    let locks = with_default(&dispatch, || {
        Arc::new(Locks {
            mutexes: [(); 2].map(|()| Arc::new(Mutex::new(0))),
            rwlock: Arc::new(RwLock::new(0)),
            permits: Semaphore::new(3),
        })
    });
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (locks, dispatch) = (&locks, &dispatch);
            scope.spawn(move || {
                with_default(dispatch, || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(async {
                        let (sender, mut receiver) = mpsc::channel(1);
                        for task in 0..TASKS {
                            let locks = Arc::clone(locks);
                            tokio::spawn(hammer(locks, thread * TASKS + task, sender.clone()));
                        }
                        drop(sender);
                        while receiver.recv().await.is_some() {}
                        // Those that still have a guard to drop.
                        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                            yield_now().await;
                        }
                    });
                });
            });
        }
        for _ in 0..50 {
            let look = registry.look(Duration::from_secs(5));
            for resource in &look.waiting.resources {
                let readers = matches!(resource.state, ResourceState::ReadWrite { .. });
                let one_at_a_time = resource.kind == ResourceKind::Mutex;
                assert!(readers || one_at_a_time || resource.holders.is_empty(), "{resource:#?}");
            }
        }
    });
    let look = registry.look(Duration::ZERO);
    assert!(look.waiting.tasks.is_empty(), "{:#?}", look.waiting.tasks);
    assert!(look.waiting.resources.is_empty(), "{:#?}", look.waiting.resources);
    // Two mutexes, the rwlock and the semaphore: nobody holds them, as the next to take them shows.
    assert_eq!(registry.resources().live(), 4);
    with_default(&dispatch, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let scene = Scene(Arc::clone(&registry));
            let [one, two] = [0, 1].map(|which| {
                let lock = Arc::clone(&locks.mutexes[which]);
                let holder = tokio::spawn(async move {
                    let _guard = lock.lock().await;
                    std::future::pending::<()>().await;
                });
                let lock = Arc::clone(&locks.mutexes[which]);
                tokio::spawn(async move { _ = lock.lock().await });
                number(&holder)
            });
            scene.settle().await;
            let resources = scene.look().waiting.resources;
            let known: Vec<_> = resources.iter().flat_map(holders).collect();
            assert_eq!(known, [one, two].map(|id| (Some(id), Hold::Exclusive, false)));
        });
    });
    drop(locks);
    assert_eq!(registry.resources().live(), 0);
    assert_eq!(registry.resources().untracked(), 0);
}
