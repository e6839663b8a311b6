//! Healthy traffic beside the program under test: handlers that spawn, lock, ask over a oneshot and time out.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Handles `rate` requests a second for ever.
pub(super) async fn traffic(rate: u32) {
    let sessions = Arc::new(Mutex::new(0));
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut number = 0;
    loop {
        ticks.tick().await;
        number += 1;
        tokio::spawn(handle(number, Arc::clone(&sessions)));
    }
}

async fn handle(number: u64, sessions: Arc<Mutex<u64>>) {
    *sessions.lock().await += 1;
    let (reply, answer) = oneshot::channel();
    tokio::spawn(look_up(number, reply));
    // Now and then the look-up is slower than the handler is patient.
    timeout(Duration::from_millis(25), answer).await.ok();
}

async fn look_up(number: u64, reply: oneshot::Sender<u64>) {
    sleep(Duration::from_millis(1 + number % 31)).await;
    reply.send(number).ok();
}
