//! Waits on timers, alone and around something else.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{self, Instant};

use super::shape::{Here, shapes};

shapes! {
    sleep: Sleep;
    sleep_until: Sleep;
    interval_tick: Interval;
    timeout_of_pending: Timeout;
    timeout_of_recv: MpscRecv, Timeout;
    timeout_of_an_async_block: OneshotRecv, Timeout;
    select_with_timer: MpscRecv, Sleep;
    select_two_channels: MpscRecv, OneshotRecv;
    join_two_channels: MpscRecv, OneshotRecv;
}

/// Longer than any test.
const HOUR: Duration = Duration::from_hours(1);

async fn sleep(here: Here) {
    here.next_line();
    time::sleep(HOUR).await;
}

async fn sleep_until(here: Here) {
    here.next_line();
    time::sleep_until(Instant::now() + HOUR).await;
}

async fn interval_tick(here: Here) {
    let mut ticks = time::interval_at(Instant::now() + HOUR, HOUR);
    here.next_line();
    ticks.tick().await;
}

async fn timeout_of_pending(here: Here) {
    here.next_line();
    let _ = time::timeout(HOUR, std::future::pending::<()>()).await;
}

async fn timeout_of_recv(here: Here) {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    here.keep(tx);
    here.next_line();
    let _ = time::timeout(HOUR, rx.recv()).await;
}

async fn timeout_of_an_async_block(here: Here) {
    let (tx, rx) = oneshot::channel::<()>();
    here.keep(tx);
    let reply = async {
        here.next_line();
        let _ = rx.await;
    };
    here.next_line();
    let _ = time::timeout(HOUR, reply).await;
}

async fn select_with_timer(here: Here) {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    here.keep(tx);
    here.next_line();
    tokio::select! {
        _ = rx.recv() => {}
        () = time::sleep(HOUR) => {}
    }
}

async fn select_two_channels(here: Here) {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    let (reply, replied) = oneshot::channel::<()>();
    here.keep((tx, reply));
    here.next_line();
    tokio::select! {
        _ = rx.recv() => {}
        _ = replied => {}
    }
}

async fn join_two_channels(here: Here) {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    let (reply, replied) = oneshot::channel::<()>();
    here.keep((tx, reply));
    here.next_line();
    let _ = tokio::join!(rx.recv(), replied);
}
