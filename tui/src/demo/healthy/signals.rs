//! Tasks that wait for signals, most of them all their life.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::demo::truth::{Site, Task};

/// Two wakers: one for each signal.
static END: Site = Site::healthy("end of service");
static RELOAD: Site = Site::healthy("reload").waiting("signal", 1);

/// Cancels `shutdown` when the service is asked to end.
pub(crate) fn end_on_signal(shutdown: CancellationToken) -> std::io::Result<()> {
    let interrupt = signal(SignalKind::interrupt())?;
    let terminate = signal(SignalKind::terminate())?;
    tokio::spawn(end(END.task(), interrupt, terminate, shutdown));
    Ok(())
}

async fn end(
    _task: Task,
    mut interrupt: Signal,
    mut terminate: Signal,
    shutdown: CancellationToken,
) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    shutdown.cancel();
}

/// Reads its files again on SIGHUP; it has none.
pub(super) fn reload_on_hang_up() -> std::io::Result<()> {
    let hang_up = signal(SignalKind::hangup())?;
    tokio::spawn(reload(RELOAD.task(), hang_up));
    Ok(())
}

async fn reload(task: Task, mut hang_up: Signal) {
    while task.waits(hang_up.recv()).await.is_some() {
        tracing::info!("reloaded");
    }
}
