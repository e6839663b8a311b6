//! A service that has set a subscriber before the agent: nothing can be seen, and the agent says so.

use std::time::Duration;

use stranded_analysis::facts::Instrumentation;
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_proto::{Description, v1};
use stranded_server::Builder;

#[tokio::test]
async fn the_agent_listens_and_says_how_to_get_instrumented() {
    tracing_subscriber::fmt().with_test_writer().init();
    let agent = Builder::new().bind("127.0.0.1:0").init();
    assert_eq!(agent.faults().len(), 1, "{:?}", agent.faults());

    let address = agent.address(Duration::from_secs(20)).expect("the agent listens");
    let mut client = InspectorClient::connect(address.to_string()).await.unwrap();
    let reply = client.describe(v1::DescribeRequest {}).await.unwrap().into_inner();
    let target = Description::try_from(reply).unwrap().target;
    let Instrumentation::Missing { because, fix } = target.instrumentation else {
        panic!("{:?}", target.instrumentation)
    };
    assert!(because.contains("another `tracing` subscriber"), "{because}");
    assert!(fix.contains(".wrap("), "{fix}");
    assert_eq!(target.faults, agent.faults());

    let second = Builder::new().bind("127.0.0.1:0").init();
    assert_eq!(second.address(Duration::ZERO), Some(address), "there is one agent in a process");
}
