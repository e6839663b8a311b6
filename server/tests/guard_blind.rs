//! A guard in a process whose subscriber is another: it must not pass.

use stranded_server::testing::guard;

#[tokio::test]
#[should_panic(
    expected = "tasks cannot be seen, so it cannot be told whether any leak: another `tracing` subscriber was set before \
                           the agent.\nTo fix: hand it over instead of installing it: \
                           `stranded_server::Builder::new().wrap(subscriber).init()`."
)]
async fn a_guard_that_sees_nothing_fails_and_says_what_to_change() {
    tracing_subscriber::fmt().with_test_writer().init();
    guard().assert_no_leaks().await;
}
