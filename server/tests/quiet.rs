//! The agent's own work, serving viewers above all, leaves no trace in the application's logs and spans.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use stranded_proto::v1;
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_server::Builder;
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Keeps what comes from threads of the agent.
#[derive(Clone, Default)]
struct FromAgent(Arc<Mutex<Vec<String>>>);

impl FromAgent {
    fn note(&self, what: &str, meta: &Metadata<'_>) {
        let thread = std::thread::current();
        if thread.name().is_some_and(|name| name.starts_with("stranded")) {
            let place = format!("{what} of {} from {:?}", meta.target(), thread.name());
            self.0.lock().expect("no test panics with it").push(place);
        }
    }
}

impl<S: Subscriber> Layer<S> for FromAgent {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.note("span", attributes.metadata());
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.note("event", event.metadata());
    }
}

#[tokio::test]
async fn nothing_from_the_agents_threads_reaches_the_application() {
    let from_agent = FromAgent::default();
    let logging = tracing_subscriber::registry().with(from_agent.clone());
    let agent = Builder::new().bind("127.0.0.1:0").wrap(logging).init();
    let address = agent.address(Duration::from_secs(20)).expect("the agent listens");

    let mut client = InspectorClient::connect(address.to_string()).await.unwrap();
    let views = tokio_stream::once(v1::View { interval_ns: Some(0), ..v1::View::default() });
    let mut updates = client.watch(views).await.unwrap().into_inner();
    for _ in 0..5 {
        assert!(updates.message().await.unwrap().is_some());
    }
    let seen = from_agent.0.lock().unwrap();
    assert!(seen.is_empty(), "{} spans and events, the first is {:?}", seen.len(), seen[0]);
}
