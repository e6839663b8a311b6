//! The services as a client meets them: over real sockets, with scripted facts.

mod hostile;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use stranded_analysis::facts::{Update, View};
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_proto::{Description, MAX_MESSAGE_BYTES, v1};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};

use crate::config::Config;
use crate::edge::Edge;
use crate::faults::Faults;
use crate::listen::{self, Address};
use crate::source::scripted::{Scripted, site};

/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(20);

type Client = InspectorClient<Channel>;

/// An agent on a port of its own.
struct Agent {
    source: Arc<Scripted>,
    address: Address,
    edge: Arc<Edge>,
}

impl Agent {
    async fn start(source: Arc<Scripted>) -> Self {
        Self::start_at("127.0.0.1:0", source).await
    }

    async fn start_at(bind: &str, source: Arc<Scripted>) -> Self {
        let config = Config { bind: bind.parse().unwrap(), ..Config::default() };
        let faults = Faults::default();
        let (listener, address) = listen::listen(&config, &faults).await.unwrap();
        let edge = Arc::new(Edge::new(Arc::clone(&source) as _, faults.clone()));
        tokio::spawn(super::serve(Arc::clone(&edge), listen::connections(listener, faults)));
        Self { source, address, edge }
    }

    async fn channel(&self) -> Channel {
        Endpoint::from_shared(self.address.to_string()).unwrap().connect().await.unwrap()
    }

    async fn client(&self) -> Client {
        let client = InspectorClient::new(self.channel().await);
        // Whatever is larger than promised fails the test that receives it.
        client.max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    /// Waits until `count` viewers are attached.
    async fn attached(&self, count: i32) {
        until(|| self.source.attached() == count).await;
    }
}

/// Waits for `condition`.
async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(DEADLINE, wait).await.expect("the condition never came true");
}

/// One open `Watch`.
struct Watching {
    views: mpsc::Sender<v1::View>,
    updates: Streaming<v1::Update>,
}

impl Watching {
    async fn open(mut client: Client, view: &View) -> Result<Self, Status> {
        let (views, requests) = mpsc::channel(8);
        views.send(view.into()).await.unwrap();
        let updates = client.watch(ReceiverStream::new(requests)).await?.into_inner();
        Ok(Self { views, updates })
    }

    async fn look(&self, view: &View) {
        self.views.send(view.into()).await.unwrap();
    }

    /// The next message.
    async fn message(&mut self) -> Result<Update, Status> {
        let message = timeout(DEADLINE, self.updates.message()).await.expect("no message came");
        Ok(message?.expect("the stream ended").try_into().expect("a valid update"))
    }

    /// The next message that is `wanted`.
    async fn message_with(&mut self, wanted: impl Fn(&Update) -> bool) -> Update {
        loop {
            let update = self.message().await.unwrap();
            if wanted(&update) {
                return update;
            }
        }
    }
}

/// A view that is served as often as possible.
fn eager() -> View {
    View { interval: Duration::ZERO, limit: 100, ..View::default() }
}

async fn snapshot(client: &mut Client, view: &View) -> Result<Vec<Update>, Status> {
    let mut stream = client.snapshot(v1::View::from(view)).await?.into_inner();
    let mut parts = Vec::new();
    while let Some(part) = timeout(DEADLINE, stream.message()).await.expect("no part came")? {
        parts.push(part.try_into().expect("a valid update"));
    }
    Ok(parts)
}

#[tokio::test]
async fn describe_tells_who_the_target_is_and_what_went_wrong() {
    let agent = Agent::start(Scripted::small()).await;
    agent.edge.faults().panicked("census", &"of a test");
    let reply = agent.client().await.describe(v1::DescribeRequest {}).await.unwrap().into_inner();
    let description = Description::try_from(reply).unwrap();
    assert_eq!(description.boot, agent.edge.boot());
    assert_eq!(description.target.name, "scripted");
    assert_eq!(description.target.faults, ["the agent's census panicked: of a test"]);
    assert_eq!(description.gauges.tracked, 1);
    assert_eq!(description.limits.min_interval, super::watch::MIN_INTERVAL);
}

#[tokio::test]
async fn a_snapshot_is_whole_and_ends() {
    let agent = Agent::start(Scripted::small()).await;
    let parts = snapshot(&mut agent.client().await, &eager()).await.unwrap();
    let [only] = &parts[..] else { panic!("{} parts", parts.len()) };
    assert!(only.complete && only.target.is_some() && only.gauges.is_some());
    assert_eq!((only.sites.len(), only.tasks.len(), only.stacks.len()), (1, 1, 1));
    agent.attached(0).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_serves_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let bind = format!("unix:{}", dir.path().join("agent.sock").display());
    let agent = Agent::start_at(&bind, Scripted::small()).await;
    assert_eq!(agent.address.to_string(), bind);
    let parts = snapshot(&mut agent.client().await, &View::default()).await.unwrap();
    assert!(parts[0].complete);
}

#[tokio::test]
async fn a_hundred_thousand_sites_arrive_in_parts_of_bounded_size() {
    const SITES: u32 = 100_000;
    let source = Scripted::small();
    source.write(|facts| (0..SITES).for_each(|id| facts.put_site(site(id, None))));
    let agent = Agent::start(source).await;
    let parts = snapshot(&mut agent.client().await, &View::default()).await.unwrap();
    assert!(parts.len() > 1, "one message of at most {MAX_MESSAGE_BYTES} bytes cannot hold them");
    assert_eq!(parts.iter().map(|part| part.sites.len()).sum::<usize>(), SITES as usize);
    let numbers: Vec<_> = parts.iter().map(|part| part.seq).collect();
    assert_eq!(numbers, (1..=parts.len() as u64).collect::<Vec<_>>());
    let complete: Vec<_> = parts.iter().filter(|part| part.complete).map(|part| part.seq).collect();
    assert_eq!(complete, [parts.len() as u64]);
}

#[tokio::test]
async fn another_run_of_the_process_is_another_boot() {
    let source = Scripted::small();
    let (first, second) =
        (Agent::start(Arc::clone(&source)).await, Agent::start(Arc::clone(&source)).await);
    let mut boots = Vec::new();
    for agent in [&first, &second] {
        let parts = snapshot(&mut agent.client().await, &View::default()).await.unwrap();
        boots.push(parts[0].boot);
    }
    assert_ne!(boots[0], boots[1]);
}

#[tokio::test]
async fn a_panic_while_looking_is_told_counted_and_survived() {
    let agent = Agent::start(Scripted::small()).await;
    let mut client = agent.client().await;
    agent.source.write(|facts| facts.broken = true);
    let refused = snapshot(&mut client, &View::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Internal);
    agent.attached(0).await;

    agent.source.write(|facts| facts.broken = false);
    let parts = snapshot(&mut client, &View::default()).await.unwrap();
    let faults = &parts[0].target.as_ref().unwrap().faults;
    assert_eq!(faults.len(), 1);
    assert!(faults[0].ends_with("panicked: this census is broken"), "{faults:?}");
}

#[tokio::test]
async fn health_says_that_the_inspector_serves() {
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::health_client::HealthClient;

    let agent = Agent::start(Scripted::small()).await;
    let mut client = HealthClient::new(agent.channel().await);
    let request = tonic_health::pb::HealthCheckRequest { service: "stranded.v1.Inspector".into() };
    let reply = client.check(request).await.unwrap().into_inner();
    assert_eq!(reply.status(), ServingStatus::Serving);
}

#[tokio::test]
async fn reflection_lists_the_inspector() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

    let agent = Agent::start(Scripted::small()).await;
    let mut client = ServerReflectionClient::new(agent.channel().await);
    let request = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut replies =
        client.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
    let reply = replies.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = reply else { panic!("{reply:?}") };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    assert!(names.contains(&"stranded.v1.Inspector"), "{names:?}");
}
