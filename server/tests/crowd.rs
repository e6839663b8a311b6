//! A viewer attaches to a service with a hundred thousand live tasks: its first census is whole and exact,
//! and comes in messages of bounded size.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../examples/crowd/tasks.rs"]
mod tasks;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use prost::Message;
use stranded_analysis::Model;
use stranded_analysis::facts::{Update, View};
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_proto::{MAX_MESSAGE_BYTES, v1};
use stranded_server::Builder;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tonic::transport::Channel;

const CHILD: &str = "CROWD_CHILD";
const TASKS: u64 = 100_000;
const ROWS: u32 = 100;
/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(60);

/// The service, in the process that the test starts: its tasks wait until its standard input ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crowd() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let agent = Builder::new().bind("127.0.0.1:0").init();
    tasks::park(TASKS as usize).await;
    println!("\n{}", agent.address(DEADLINE).unwrap());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

struct Service {
    process: Child,
    address: String,
}

impl Service {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crowd", "--nocapture"])
            .env(CHILD, "yes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find(|line| line.starts_with("http://"));
        Self { process, address: address.expect("all tasks are parked in the end") }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Watches until `holds`; that much of an update must come in time.
async fn watch(client: &mut InspectorClient<Channel>, holds: impl Fn(&Model) -> bool) -> Model {
    let view = v1::View::from(&View { limit: ROWS, ..View::default() });
    let views = tokio_stream::once(view).chain(tokio_stream::pending());
    let mut updates = client.watch(views).await.unwrap().into_inner();
    let mut model = Model::default();
    while !holds(&model) {
        let message = timeout(DEADLINE, updates.message()).await.expect("updates keep coming");
        let message = message.unwrap().expect("the stream goes on");
        assert!(message.encoded_len() <= MAX_MESSAGE_BYTES);
        model.apply(Update::try_from(message).unwrap());
    }
    model
}

fn parked(model: &Model) -> u64 {
    model.sites().flat_map(|site| &site.clusters).map(|cluster| cluster.parked).sum()
}

#[tokio::test]
async fn the_first_census_of_a_hundred_thousand_tasks_is_whole_and_exact() {
    let service = Service::start();
    let mut client = InspectorClient::connect(service.address.clone()).await.unwrap();
    // The last of them may still be on its way when it says that it will wait.
    watch(&mut client, |model| parked(model) == TASKS).await;

    let model = watch(&mut client, |model| model.census().is_some()).await;
    let gauges = model.gauges().unwrap();
    assert_eq!((gauges.tracked, gauges.alive), (TASKS, Some(TASKS)));
    assert_eq!((gauges.untracked, gauges.unaccounted), (0, 0));
    assert_eq!((gauges.spawned, gauges.ended), (TASKS, 0));
    assert_eq!(parked(&model), TASKS);
    assert_eq!(model.sites().count(), 50);
    for site in model.sites() {
        let clusters: u64 = site.clusters.iter().map(|cluster| cluster.parked).sum();
        assert_eq!((site.live, clusters), (TASKS / 50, TASKS / 50), "{:?}", site.site);
        assert!(site.clusters.iter().all(|cluster| !cluster.examples.is_empty()));
    }
    let window = model.window();
    assert_eq!((window.rows.len(), window.matched), (ROWS as usize, TASKS));
    let since = window.rows.iter().map(|id| model.task(*id).unwrap().parked_since.unwrap());
    assert!(since.is_sorted(), "longest parked first");
}
