//! The wrappers are used and behave as what they wrap, with the agent and without.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

macro_rules! compiled_with {
    ($name:ident: $($import:item)*) => {
        mod $name {
            use std::fmt::Debug;
            use std::future::Future;
            use std::pin::{Pin, pin};
            use std::task::{Context, Poll, Waker};
            use std::time::Duration;

            $($import)*

            include!("parity/program.rs");
        }
    };
}

compiled_with! { original:
    use tokio::sync::{Notify, broadcast, futures::Notified, mpsc, oneshot, watch};
    use tokio_util::sync::{CancellationToken, DropGuard, DropGuardRef};
}
compiled_with! { wrapped:
    use stranded_server::sync::{
        CancellationToken, DropGuard, DropGuardRef, Notify, broadcast, futures::Notified, mpsc,
        oneshot, watch,
    };
}

#[test]
fn a_program_gives_the_same_with_the_wrappers_as_without() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let original = runtime.block_on(original::run());
    assert!(original.len() > 100, "{original:?}");
    assert_eq!(runtime.block_on(wrapped::run()), original, "without an agent");
    let bytes = |program: fn()| allocation_counter::measure(program).bytes_total;
    assert!(bytes(original::everyday) > 0);
    assert_eq!(bytes(wrapped::everyday), bytes(original::everyday), "without an agent");
    stranded_server::Builder::new().bind("off").init();
    assert_eq!(runtime.block_on(wrapped::run()), original, "with the agent");
    wrapped::everyday();
}
