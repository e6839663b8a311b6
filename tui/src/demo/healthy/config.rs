//! A watcher of a configuration that never changes.

use tokio::sync::watch;

use crate::demo::truth::{Site, Task};

static WATCHER: Site = Site::healthy("config watcher").waiting("watch.changed", 1);

/// How much to log.
type Verbosity = u8;

/// Starts the watcher.
pub(super) fn start() {
    let (source, config) = watch::channel(Verbosity::default());
    tokio::spawn(watch_config(WATCHER.task(), source, config));
}

/// The source lives here, as it would in a file watcher.
async fn watch_config(
    task: Task,
    _source: watch::Sender<Verbosity>,
    mut config: watch::Receiver<Verbosity>,
) {
    while task.waits(config.changed()).await.is_ok() {
        tracing::info!(verbosity = *config.borrow_and_update(), "configuration changed");
    }
}
