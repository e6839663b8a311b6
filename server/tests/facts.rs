//! What the agent tells of a real service over the link, against what the service knows of itself.

#![expect(clippy::unwrap_used, reason = "a test has no other way to fail")]

use std::future::pending;
use std::time::Duration;

use stranded_analysis::Model;
use stranded_analysis::facts::{CancelSeen, Frame, SiteFacts, TaskId, Update, View, Wait};
use stranded_proto::v1;
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_server::Builder;
use tokio::sync::mpsc;
use tokio::task::Builder as Task;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(60);

/// A viewer of this process.
struct Viewer {
    updates: Streaming<v1::Update>,
    model: Model,
}

impl Viewer {
    async fn attach(address: String) -> Self {
        let mut client = InspectorClient::connect(address).await.unwrap();
        let views = tokio_stream::once(v1::View::from(&View::default()));
        let updates = client.watch(views).await.unwrap().into_inner();
        Self { updates, model: Model::default() }
    }

    /// What `find` finds, once it does.
    async fn until<T>(&mut self, what: &str, find: impl Fn(&Model) -> Option<T>) -> T {
        let found = async {
            loop {
                let message = self.updates.message().await.unwrap().expect("the stream goes on");
                let update = Update::try_from(message).unwrap();
                let complete = update.complete;
                self.model.apply(update);
                if let Some(found) = complete.then(|| find(&self.model)).flatten() {
                    return found;
                }
            }
        };
        timeout(DEADLINE, found).await.unwrap_or_else(|_| panic!("never seen: {what}"))
    }
}

/// The site of the tasks of that name.
fn site<'a>(model: &'a Model, name: &str) -> Option<&'a SiteFacts> {
    model.sites().find(|site| site.site.name == name)
}

struct Conn;

impl Drop for Conn {
    fn drop(&mut self) {
        Task::new().name("closer").spawn(pending::<()>()).unwrap();
    }
}

async fn handle_request() {
    let conn = Conn;
    tokio::task::yield_now().await;
    drop(conn);
}

fn from_a_thread(runtime: &tokio::runtime::Handle) {
    let _inside = runtime.enter();
    let mut set = tokio::task::JoinSet::new();
    set.build_task().name("outside").spawn(pending::<()>()).unwrap();
    set.detach_all();
}

/// The frames of the stacks from which tasks of that name were spawned, each with its count.
fn spawned_from(model: &Model, name: &str) -> Option<Vec<(u64, Vec<Frame>)>> {
    let stacks = site(model, name)?.spawn_stacks.iter();
    stacks
        .map(|count| {
            let frames = model.stack(count.stack)?.frames.clone();
            (!frames.is_empty()).then_some((count.tasks, frames))
        })
        .collect::<Option<Vec<_>>>()
        .filter(|stacks| !stacks.is_empty())
}

#[tokio::test]
async fn what_is_told_is_what_happened() {
    let agent = Builder::new().bind("127.0.0.1:0").init();
    let mut viewer =
        Viewer::attach(agent.address(DEADLINE).expect("the agent listens").to_string()).await;
    spawn_stacks(&mut viewer).await;
    cancellations(&mut viewer).await;
    closed_channel(&mut viewer).await;
}

/// Tasks that were told to stop and go on.
async fn cancellations(viewer: &mut Viewer) {
    let token = CancellationToken::new();
    for _ in 0..3 {
        let token = token.clone();
        let goes_on = async move {
            token.cancelled().await;
            let (_sender, mut receiver) = mpsc::channel::<()>(1);
            receiver.recv().await;
        };
        Task::new().name("goes-on").spawn(goes_on).unwrap();
    }
    let named = viewer.until("the wait for the token", |model| {
        let cluster = site(model, "goes-on")?.clusters.first()?;
        let wait = &model.stack(*cluster.stacks.first()?)?.wait;
        (*wait == Some(Wait::Cancelled) && cluster.parked == 3).then(|| model.at())
    });
    let named = named.await;
    // From the next census on the agent knows that they wait for a token.
    let later = named.forward(Duration::from_secs(2));
    viewer.until("the next census", |model| (model.at() > later).then_some(())).await;
    let cancels = async move { token.cancel() };
    let canceller = Task::new().name("canceller").spawn(cancels).unwrap();
    let by = TaskId(canceller.id().to_string().parse().unwrap());
    let told = viewer.until("the cancellation", |model| {
        let cluster = site(model, "goes-on")?.clusters.first()?;
        cluster.cancelled.clone().filter(|told| told.tasks == 3)
    });
    let told = told.await;
    assert_eq!((told.seen, told.by.map(|by| by.id)), (CancelSeen::Woken, Some(by)));
}

/// A task that runs until its budget is used up, again and again: it is a worker that wakes it.
async fn closed_channel(viewer: &mut Viewer) {
    let (sender, mut receiver) = mpsc::channel::<()>(1);
    drop(sender);
    let busy = async move {
        loop {
            assert!(receiver.recv().await.is_none());
        }
    };
    let busy = Task::new().name("busy").spawn(busy).unwrap();
    let id = TaskId(busy.id().to_string().parse().unwrap());
    let found = viewer.until("the spinning task", |model| {
        let found = model.activity().spinning.first().copied()?;
        assert_eq!(found.id, id);
        Some(found)
    });
    let found = found.await;
    assert!(found.polls_per_s >= 1000.0 && found.self_woken > 0.9, "{found:?}");
    busy.abort();
}

async fn spawn_stacks(viewer: &mut Viewer) {
    for _ in 0..3 {
        tokio::spawn(handle_request()).await.unwrap();
    }
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || from_a_thread(&runtime)).join().unwrap();
    let (closers, outside) = viewer
        .until("spawn stacks", |model| {
            Some((spawned_from(model, "closer")?, spawned_from(model, "outside")?))
        })
        .await;

    assert_eq!(closers.iter().map(|(tasks, _)| tasks).sum::<u64>(), 3);
    for (_, frames) in closers.iter().chain(&outside) {
        let first = &frames[0];
        assert!(
            first.user && first.file.as_deref() == Some("server/tests/facts.rs"),
            "{frames:#?}"
        );
        let runs = |frame: &Frame| frame.function.starts_with("tokio::runtime");
        assert!(!frames.iter().any(runs), "{frames:#?}");
    }
    for (_, frames) in &closers {
        assert!(frames[0].function.ends_with("drop"), "{frames:#?}");
        let has = |function: &str| frames.iter().any(|frame| frame.function.ends_with(function));
        assert!(has("drop_in_place") && has("handle_request"), "{frames:#?}");
    }
    assert!(outside[0].1[0].function.ends_with("from_a_thread"), "{outside:#?}");
}
