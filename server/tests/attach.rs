//! A service with the agent in it, and a viewer that attaches over the network.

use std::time::Duration;

use stranded_analysis::facts::{Instrumentation, Update, View};
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_proto::{Description, v1};
use stranded_server::Builder;
use tokio::time::timeout;

/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(20);
const PARKED: u64 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_sees_the_tasks_of_the_service() {
    let agent = Builder::new()
        .bind("127.0.0.1:0")
        .name("attached")
        .wrap(tracing_subscriber::registry())
        .init();
    let line = line!() + 2;
    for _ in 0..PARKED {
        tokio::spawn(std::future::pending::<()>());
    }

    let address = agent.address(DEADLINE).expect("the agent listens");
    let mut client = InspectorClient::connect(address.to_string()).await.unwrap();
    let reply = client.describe(v1::DescribeRequest {}).await.unwrap().into_inner();
    let description = Description::try_from(reply).unwrap();
    assert_eq!(description.target.name, "attached");
    assert_eq!(description.target.pid, std::process::id());
    assert_eq!(description.target.faults, Vec::<String>::new());

    let view = View { limit: 100, ..View::default() };
    let views = tokio_stream::once(v1::View::from(&view));
    let mut updates = client.watch(views).await.unwrap().into_inner();
    let mut sees_all = false;
    let mut is_instrumented = false;
    while !(sees_all && is_instrumented) {
        let message = timeout(DEADLINE, updates.message()).await.expect("updates keep coming");
        let update = Update::try_from(message.unwrap().expect("the stream goes on")).unwrap();
        assert_eq!(update.boot, description.boot);
        sees_all |= update.sites.iter().any(|site| {
            site.site.file.ends_with("attach.rs") && site.site.line == line && site.live == PARKED
        });
        is_instrumented |=
            update.target.is_some_and(|it| it.instrumentation == Instrumentation::Working);
    }
}
