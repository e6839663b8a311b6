//! Long polling: requests that wait for news, but not for ever.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "long_poll",
    kind: Kind::Healthy,
    scenario: "",
    about: "handlers wait up to twenty-five seconds for something to happen",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let news = Arc::new(Notify::new());
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let news = Arc::clone(&news);
        if visitor.number % 1_000 == 999 {
            news.notify_waiters();
        }
        let request = tracing::info_span!("poll", number = visitor.number);
        let poll = async move {
            timeout(Duration::from_secs(25), news.notified()).await.ok();
            some_work(visitor.number).await;
        };
        tokio::spawn(poll.instrument(request));
    }
}
