//! Channels, barriers and cells.

use tokio::sync::{Barrier, OnceCell, mpsc, oneshot};

use super::*;

#[test]
fn a_sender_to_a_full_channel_waits_for_room() {
    play(Level::Locks, async |scene| {
        let (sender, receiver) = mpsc::channel(2);
        let filler = sender.clone();
        let filling = tokio::spawn(async move {
            filler.send(1).await.unwrap();
            filler.send(2).await.unwrap();
        });
        let filled = number(&filling);
        filling.await.unwrap();
        let waiting = [3, 4, 5].map(|value| {
            let sender = sender.clone();
            tokio::spawn(async move { _ = sender.send(value).await })
        });
        scene.settle().await;
        let room = scene.only(ResourceKind::ChannelRoom);
        assert_eq!((room.waiting, &room.place), (3, &None));
        assert_eq!(room.state, ResourceState::Permits { available: 0, capacity: Some(2) });
        assert_eq!(room.last_takers[0].id, filled);
        for task in &waiting {
            assert_eq!(scene.waits(number(task)), [(None, Hold::Send)]);
        }
        drop(receiver);
        scene.settle().await;
        assert!(waiting.iter().all(JoinHandle::is_finished));
        assert!(scene.look().waiting.resources.is_empty());
    });
}

#[test]
fn a_oneshot_tells_its_ends() {
    play(Level::All, async |scene| {
        // The runtime has one of its own.
        let before = scene.0.resources().live();
        let ((sender, receiver), created) = (oneshot::channel::<()>(), line());
        let task = tokio::spawn(async move { _ = receiver.await });
        scene.settle().await;
        let seen = scene.resource(created);
        assert_eq!(seen.kind, ResourceKind::Oneshot);
        let state = |sent| ResourceState::Oneshot { sent, tx_dropped: false, rx_dropped: false };
        assert_eq!((seen.state, seen.waiting), (state(false), 1));
        assert_eq!(scene.waits(number(&task)), [(Some(created), Hold::Receive)]);
        sender.send(()).unwrap();
        task.await.unwrap();
        assert_eq!(scene.0.resources().live(), before);

        let ((mut sender, receiver), created) = (oneshot::channel::<()>(), line());
        let task = tokio::spawn(async move { sender.closed().await });
        scene.settle().await;
        assert_eq!(scene.waits(number(&task)), [(Some(created), Hold::Send)]);
        drop(receiver);
        task.await.unwrap();
    });
}

#[test]
fn a_barrier_tells_who_arrived_and_who_ever_touched_it() {
    play(Level::All, async |scene| {
        let (barrier, created) = (Arc::new(Barrier::new(3)), line());
        let arrive = || {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                loop {
                    barrier.wait().await;
                }
            })
        };
        let tasks = [arrive(), arrive()];
        scene.settle().await;
        let seen = scene.resource(created);
        assert_eq!(seen.kind, ResourceKind::Barrier);
        assert_eq!(seen.state, ResourceState::Barrier { size: 3, arrived: 2 });
        assert_eq!((seen.touched_by, seen.waiting, seen.holders.len()), (Some(2), 2, 0));
        for task in &tasks {
            assert_eq!(scene.waits(number(task)), [(Some(created), Hold::Signal)]);
        }
        let once = Arc::clone(&barrier);
        tokio::spawn(async move { _ = once.wait().await }).await.unwrap();
        scene.settle().await;
        let seen = scene.resource(created);
        assert_eq!(seen.state, ResourceState::Barrier { size: 3, arrived: 2 }, "the next round");
        assert_eq!(seen.touched_by, Some(2), "the third has ended");
        assert!(seen.handed_over.is_some());
    });
}

#[test]
fn who_waits_for_a_cell_waits_for_the_task_that_fills_it() {
    play(Level::Locks, async |scene| {
        let cell = Arc::new(OnceCell::<u32>::new());
        let fill = Arc::clone(&cell);
        let filling = tokio::spawn(async move { _ = fill.get_or_init(std::future::pending).await });
        scene.settle().await;
        let wait = Arc::clone(&cell);
        let waiting = tokio::spawn(async move { _ = wait.get_or_init(async || 1).await });
        scene.settle().await;
        let seen = scene.only(ResourceKind::OnceCell);
        assert_eq!((seen.waiting, &seen.place), (1, &None));
        assert_eq!(holders(&seen), [(Some(number(&filling)), Hold::Permits(1), false)]);
        assert_eq!(scene.waits(number(&waiting)), [(None, Hold::Permits(1))]);
        filling.abort();
        waiting.await.unwrap();
        assert_eq!(cell.get(), Some(&1));
    });
}

#[test]
fn who_waits_for_a_cell_that_it_began_to_fill_itself_has_let_go_of_that() {
    play(Level::Locks, async |scene| {
        let cell = Arc::new(OnceCell::<u32>::new());
        let task = tokio::spawn(async move {
            let filled = Arc::clone(&cell);
            let mut filling =
                Box::pin(async move { _ = filled.get_or_init(std::future::pending).await });
            assert!(!poll_once(&mut filling).await);
            cell.get_or_init(async || 1).await;
        });
        scene.settle().await;
        let seen = scene.only(ResourceKind::OnceCell);
        assert_eq!(holders(&seen), [(Some(number(&task)), Hold::Permits(1), true)]);
    });
}
