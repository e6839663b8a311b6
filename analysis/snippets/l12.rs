use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::interval;

/// Leaks: it ticks on when nobody listens any more, and looks busy.
fn leaking(pings: mpsc::Sender<()>) {
    tokio::spawn(async move {
        let mut tick = interval(Duration::from_secs(1));
        loop {
            tick.tick().await;
            let _ = pings.try_send(());
        }
    });
}

/// Ends: with its last listener.
fn fixed(pings: mpsc::Sender<()>) {
    tokio::spawn(async move {
        let mut tick = interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = pings.closed() => break,
                _ = tick.tick() => drop(pings.try_send(())),
            }
        }
    });
}
