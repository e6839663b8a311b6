//! A guard in a process whose agent is there already, around the application's own subscriber.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use stranded_server::Builder;
use stranded_server::testing::guard;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no test panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_guard_uses_the_agent_that_is_there() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer({
        let log = log.clone();
        move || log.clone()
    });
    let agent = Builder::new().bind("off").wrap(subscriber.finish()).init();
    let guard = guard().grace(Duration::from_millis(100));
    tokio::spawn(async {
        tracing::info!("about to leak");
        std::future::pending::<()>().await;
    });
    assert_eq!(guard.check().await.expect_err("the task leaks").leaked(), Some(1));
    assert_eq!(agent.faults(), Vec::<String>::new());
    let logged = log.0.lock().expect("no test panics with it");
    assert!(String::from_utf8_lossy(&logged).contains("about to leak"));
}
