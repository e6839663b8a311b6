//! Healthy tasks that do all they can to look stranded: none of them is ever called so with proof.

#![expect(clippy::unwrap_used, reason = "a test has no other way to fail")]

use std::future::pending;

use stranded_server::Builder;
use tokio::task::Builder as Task;

#[path = "adversary/locks.rs"]
mod locks;
#[path = "adversary/stage.rs"]
mod stage;
#[path = "adversary/tasks.rs"]
mod tasks;
#[path = "adversary/wakers.rs"]
mod wakers;

use stage::{DEADLINE, LOST, Stage, judged};

#[test]
fn nothing_that_can_still_be_woken_is_proven_stranded() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    let inside = runtime.enter();
    let agent = Builder::new().bind("127.0.0.1:0").init();
    drop(inside);
    // As when a filter is loaded anew: the agent is asked again, and is alone all the same.
    tracing_core::callsite::rebuild_interest_cache();
    let stage = Stage::on(&runtime);
    for attempt in [wakers::ATTEMPTS, tasks::ATTEMPTS, locks::ATTEMPTS].concat() {
        attempt(&stage);
    }
    let inside = runtime.enter();
    Task::new().name(LOST).spawn(pending::<()>()).unwrap();
    drop(inside);

    let address = agent.address(DEADLINE).expect("the agent listens").to_string();
    let heard = runtime.block_on(judged(&stage, address, true));
    runtime.shutdown_timeout(DEADLINE);
    assert_eq!(heard.proven, [("P1".to_owned(), LOST.to_owned())].into(), "{:#?}", heard.findings);
}
