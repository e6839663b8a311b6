//! Where another dispatcher is in the process, nothing is proven of any task: it may take the agent's events away for
//! a part of a poll, or on a thread that has nothing to do with it.

#![expect(clippy::unwrap_used, reason = "a test has no other way to fail")]

use std::future::pending;

use stranded_server::Builder;
use tokio::task::Builder as Task;

#[path = "adversary/scopes.rs"]
mod scopes;
#[expect(dead_code, reason = "what only the other attempts need")]
#[path = "adversary/stage.rs"]
mod stage;

use stage::{DEADLINE, LOST, Stage, judged};

#[test]
fn nothing_is_proven_where_events_may_be_lost() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let inside = runtime.enter();
    let agent = Builder::new().bind("127.0.0.1:0").init();
    drop(inside);
    let stage = Stage::on(&runtime);
    for attempt in scopes::ATTEMPTS {
        attempt(&stage);
    }
    let inside = runtime.enter();
    Task::new().name(LOST).spawn(pending::<()>()).unwrap();
    drop(inside);

    let address = agent.address(DEADLINE).expect("the agent listens").to_string();
    let heard = runtime.block_on(judged(&stage, address, false));
    runtime.shutdown_timeout(DEADLINE);
    assert_eq!(heard.proven, [].into(), "{:#?}", heard.findings);
    assert!(heard.unaccounted.contains(LOST), "{:?}", heard.unaccounted);
    assert!(heard.unaccounted.contains("around_the_future"), "{:?}", heard.unaccounted);
}
