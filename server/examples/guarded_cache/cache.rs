//! A cache of two tasks: one owns the entries, one sweeps out the old ones.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How long an entry lives.
const FRESH: Duration = Duration::from_millis(100);

enum Command {
    Put(String, String),
    Get(String, oneshot::Sender<Option<String>>),
    Sweep,
}

/// A handle to the cache.
pub(crate) struct Cache {
    commands: mpsc::Sender<Command>,
    sweeping: CancellationToken,
}

impl Cache {
    /// Starts its tasks.
    pub(crate) fn start() -> Self {
        let (commands, inbox) = mpsc::channel(16);
        let sweeping = CancellationToken::new();
        tokio::spawn(own_entries(inbox));
        tokio::spawn(sweep(commands.clone(), sweeping.clone()));
        Self { commands, sweeping }
    }

    /// Keeps a value for a while.
    pub(crate) async fn put(&self, key: &str, value: &str) {
        let _ = self.commands.send(Command::Put(key.to_owned(), value.to_owned())).await;
    }

    /// The value, unless it is too old.
    pub(crate) async fn get(&self, key: &str) -> Option<String> {
        let (answer, asked) = oneshot::channel();
        self.commands.send(Command::Get(key.to_owned(), answer)).await.ok()?;
        asked.await.ok()?
    }

    /// Closes the queue, upon which the owner of the entries ends. Or so it was meant: the sweeper has a sender of
    /// its own, and nobody tells it.
    pub(crate) fn shutdown(self) {
        drop(self.commands);
    }

    /// Stops the sweeper first, as it should be.
    pub(crate) fn shutdown_all(self) {
        self.sweeping.cancel();
        self.shutdown();
    }
}

async fn own_entries(mut inbox: mpsc::Receiver<Command>) {
    let mut entries = HashMap::new();
    while let Some(command) = inbox.recv().await {
        match command {
            Command::Put(key, value) => _ = entries.insert(key, (value, Instant::now())),
            Command::Get(key, answer) => {
                let value = entries.get(&key).map(|(value, _): &(String, _)| value.clone());
                let _ = answer.send(value);
            }
            Command::Sweep => entries.retain(|_, (_, since)| since.elapsed() < FRESH),
        }
    }
}

async fn sweep(commands: mpsc::Sender<Command>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(FRESH) => {}
        }
        if commands.send(Command::Sweep).await.is_err() {
            return;
        }
    }
}
