//! A client whose first use is slow, while all others wait for it.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage, Visitor};

pub(super) const PROGRAM: Program = Program {
    name: "slow_start",
    kind: Kind::Healthy,
    scenario: "",
    about: "tasks queue for the initialisation of a `OnceCell`, again and again",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut client = Arc::new(OnceCell::new());
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        // The credentials run out, and there has to be a new client.
        if visitor.number % 200 == 199 {
            client = Arc::new(OnceCell::new());
        }
        tokio::spawn(request(visitor, Arc::clone(&client)));
    }
}

async fn request(visitor: Visitor, client: Arc<OnceCell<u64>>) {
    let connect = || async {
        sleep(Duration::from_secs(7)).await;
        visitor.number
    };
    let client = client.get_or_init(connect).await;
    some_work(*client).await;
}
