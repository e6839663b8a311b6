//! The leak guard under a scoped subscriber, which makes the rest of the process doubtful too: hence on its own.

use std::future::pending;
use std::time::Duration;

use stranded_server::testing::guard;
use tokio::runtime::Builder;

/// Time for tasks to end where they will not.
const SHORT: Duration = Duration::from_millis(100);

#[test]
fn under_a_scoped_subscriber_the_guard_says_that_it_is_blind() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let early = std::thread::spawn({
        let handle = runtime.handle().clone();
        move || {
            let _runtime = handle.enter();
            let _scoped = tracing::subscriber::set_default(tracing_subscriber::registry());
            drop(guard());
        }
    });
    let message = *early.join().unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("cannot be seen") && message.contains("set_default"), "{message}");

    let failure = runtime.block_on(async {
        let guard = guard();
        let _scoped = tracing::subscriber::set_default(tracing_subscriber::registry());
        tokio::spawn(pending::<()>());
        guard.check().await.unwrap_err()
    });
    assert_eq!(failure.leaked(), None);

    let failure = runtime.block_on(async {
        let guard = guard().grace(SHORT);
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            tokio::spawn(pending::<()>());
        });
        guard.check().await.unwrap_err()
    });
    assert!(failure.to_string().contains("1 live task of this runtime was not seen"), "{failure}");
}
