//! What the wrappers tell: who has which handle of a channel, who waits in it, and whom a token has told to stop.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::time::Duration;

use stranded_analysis::facts::{
    Cap, Handle, Hold, ResourceFacts, ResourceKind, ResourceState, Side, TaskId, Update, View,
    Wait, WaitingTask,
};
use stranded_analysis::report::Class;
use stranded_analysis::{Model, Policy, judge};
use stranded_proto::v1;
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_server::Builder;
use stranded_server::sync::{CancellationToken, Notify, broadcast, mpsc, oneshot, watch};
use tokio::task::Id;
use tonic::Streaming;

/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(60);

/// A viewer of this very process.
struct Viewer {
    updates: Streaming<v1::Update>,
    model: Model,
}

impl Viewer {
    async fn attach() -> Self {
        let agent = Builder::new().bind("127.0.0.1:0").init();
        let address = agent.address(DEADLINE).expect("the agent listens");
        let mut client = InspectorClient::connect(address.to_string()).await.unwrap();
        let view = View { limit: 100, ..View::default() };
        let views = tokio_stream::once(v1::View::from(&view));
        let updates = client.watch(views).await.unwrap().into_inner();
        Self { updates, model: Model::default() }
    }

    /// Watches until `found` gives something.
    async fn watch<T>(&mut self, what: &str, found: impl Fn(&Model) -> Option<T>) -> T {
        let wait = async {
            loop {
                let update = self.updates.message().await.unwrap().expect("the stream goes on");
                self.model.apply(Update::try_from(update).unwrap());
                if let Some(found) = found(&self.model) {
                    return found;
                }
            }
        };
        let found = tokio::time::timeout(DEADLINE, wait).await;
        found.unwrap_or_else(|_| {
            let resources: Vec<_> = self.model.resources().collect();
            panic!("{what} is never seen; there are {resources:#?}")
        })
    }

    /// What was created at `line`, once so many tasks wait in it.
    async fn resource(&mut self, line: u32, waiting: u64) -> ResourceFacts {
        let here = |it: &&ResourceFacts| {
            it.waiting == waiting && it.place.as_ref().is_some_and(|at| at.line == line)
        };
        self.watch(&format!("line {line}"), |model| model.resources().find(here).cloned()).await
    }

    /// Watches until the engine accuses the task by that rule, as proven.
    async fn accused(&mut self, rule: &str, task: TaskId) {
        let accused = |model: &Model| {
            let report = judge(model, model.at(), &Policy::default());
            report.findings.into_iter().find(|finding| {
                finding.rule.0 == rule
                    && finding.class == Class::Proven
                    && finding.examples.iter().any(|example| example.task == task)
            })
        };
        self.watch(rule, accused).await;
    }

    /// The task, once it is settled.
    async fn settled(&mut self, task: TaskId) -> WaitingTask {
        let is = |it: &&WaitingTask| it.id == task && it.settled_since.is_some();
        self.watch("the task", |model| model.waiting().find(is).cloned()).await
    }
}

fn number(id: Id) -> TaskId {
    TaskId(id.to_string().parse().unwrap())
}

/// The handles of a side: their tasks, and whether those have used them.
fn held(resource: &ResourceFacts, side: Side) -> Vec<(Option<TaskId>, bool)> {
    let of_side = |handle: &&Handle| handle.side == side;
    let ends = resource.handles.iter().filter(of_side);
    ends.map(|handle| (handle.task.map(|task| task.id), handle.used)).collect()
}

fn ends(resource: &ResourceFacts) -> (u64, u64, bool) {
    let ResourceState::Channel { senders, receivers, closed } = resource.state else {
        panic!("{resource:?}")
    };
    (senders, receivers, closed)
}

fn wait_of(task: &WaitingTask, resource: &ResourceFacts) -> Vec<Hold> {
    let here = task.waits.iter().filter(|wait| wait.resource == resource.id);
    here.map(|wait| wait.wants).collect()
}

#[tokio::test]
async fn a_receiver_that_keeps_its_own_sender_is_all_the_channel_has() {
    let mut viewer = Viewer::attach().await;
    let line = line!() + 1;
    let (sender, mut receiver) = mpsc::channel::<u8>(4);
    let task = tokio::spawn(async move {
        let own = sender.clone();
        drop(sender);
        own.send(1).await.unwrap();
        while receiver.recv().await.is_some() {}
    });
    let id = number(task.id());
    let channel = viewer.resource(line, 1).await;
    assert_eq!(channel.kind, ResourceKind::Mpsc);
    assert_eq!(channel.place.as_ref().unwrap().file, "server/tests/wrapped.rs");
    assert_eq!(ends(&channel), (1, 1, false));
    assert_eq!(held(&channel, Side::Send), [(Some(id), true)]);
    assert_eq!(held(&channel, Side::Receive), [(Some(id), true)]);
    assert!(channel.handles.iter().all(|handle| !handle.moved));
    assert_eq!(channel.last_takers.iter().map(|it| it.id).collect::<Vec<_>>(), [id]);
    let waiting = viewer.settled(id).await;
    assert_eq!((wait_of(&waiting, &channel), waiting.wakers), (vec![Hold::Receive], Some(1)));
    assert!(viewer.model.target().unwrap().caps.has(Cap::Handles));
    viewer.accused("P6", id).await;
}

#[tokio::test]
async fn two_actors_that_ask_each_other_with_full_mailboxes_wait_to_send() {
    let mut viewer = Viewer::attach().await;
    let (left_line, right_line) = (line!() + 1, line!() + 2);
    let (left, left_inbox) = mpsc::channel::<u8>(1);
    let (right, right_inbox) = mpsc::channel::<u8>(1);
    let actor = |mut inbox: mpsc::Receiver<u8>, peer: mpsc::Sender<u8>| async move {
        // One round that works, so that both have used both their ends.
        peer.send(0).await.unwrap();
        inbox.recv().await.unwrap();
        loop {
            peer.send(1).await.unwrap();
        }
    };
    let one = number(tokio::spawn(actor(left_inbox, right)).id());
    let other = number(tokio::spawn(actor(right_inbox, left)).id());
    let (left, right) = (viewer.resource(left_line, 1).await, viewer.resource(right_line, 1).await);
    assert_eq!(held(&right, Side::Send), [(Some(one), true)]);
    assert_eq!(held(&right, Side::Receive), [(Some(other), true)]);
    assert_eq!(held(&left, Side::Send), [(Some(other), true)]);
    assert_eq!(held(&left, Side::Receive), [(Some(one), true)]);
    for (task, channel) in [(one, &right), (other, &left)] {
        let waiting = viewer.settled(task).await;
        assert_eq!(wait_of(&waiting, channel), [Hold::Send]);
        assert_eq!((waiting.waits.len(), waiting.wakers), (1, Some(1)), "nothing else keeps it");
    }
    viewer.accused("P6", one).await;
}

#[tokio::test]
async fn a_sender_that_nobody_drops_is_the_last_of_a_wait_group() {
    let mut viewer = Viewer::attach().await;
    let (ready, line) = (oneshot::channel(), line!() + 2);
    let parent = tokio::spawn(async move {
        let (done, mut all_done) = mpsc::channel::<()>(1);
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let done = done.clone();
                tokio::spawn(async move { drop(done) })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        ready.0.send(()).unwrap();
        // Without `drop(done)`.
        all_done.recv().await;
        drop(done);
    });
    ready.1.await.unwrap();
    let id = number(parent.id());
    let channel = viewer.resource(line, 1).await;
    assert_eq!(ends(&channel), (1, 1, false), "the workers' are gone");
    assert_eq!(held(&channel, Side::Send), [(Some(id), true)]);
    assert_eq!(wait_of(&viewer.settled(id).await, &channel), [Hold::Receive]);
    viewer.accused("P6", id).await;
}

#[tokio::test]
async fn each_kind_tells_who_waits_in_it() {
    let mut viewer = Viewer::attach().await;
    let first = line!() + 1;
    let (_value, mut watched) = watch::channel(0);
    let (_events, mut heard) = broadcast::channel::<u8>(4);
    let (_reply, answer) = oneshot::channel::<u8>();
    let notify = Notify::new();
    let token = CancellationToken::new();
    let (_many, mut unbounded) = mpsc::unbounded_channel::<u8>();
    let asked = token.clone();
    let spawned = line!() + 2;
    let tasks = [
        tokio::spawn(async move { _ = watched.changed().await }),
        tokio::spawn(async move { _ = heard.recv().await }),
        tokio::spawn(async move { _ = answer.await }),
        tokio::spawn(async move { notify.notified().await }),
        tokio::spawn(async move { asked.cancelled().await }),
        tokio::spawn(async move { _ = unbounded.recv().await }),
    ];
    let kinds = [
        (ResourceKind::Watch, Hold::Receive, Wait::WatchChanged),
        (ResourceKind::Broadcast, Hold::Receive, Wait::BroadcastRecv),
        (ResourceKind::Oneshot, Hold::Receive, Wait::OneshotRecv),
        (ResourceKind::Notify, Hold::Signal, Wait::Notify),
        (ResourceKind::Token, Hold::Signal, Wait::Cancelled),
        (ResourceKind::Mpsc, Hold::Receive, Wait::MpscRecv),
    ];
    for (at, (task, (kind, wants, wait))) in (0..).zip(tasks.iter().zip(kinds)) {
        let resource = viewer.resource(first + at, 1).await;
        assert_eq!(resource.kind, kind);
        let waiting = viewer.settled(number(task.id())).await;
        assert_eq!(wait_of(&waiting, &resource), [wants], "{kind:?}");
        assert_eq!((waiting.waits.len(), waiting.wakers), (1, Some(1)), "{kind:?}");
        let stack = waiting.registrations[0].stack;
        let resolved = |model: &Model| model.stack(stack).filter(|it| it.wait.is_some()).cloned();
        let stack = viewer.watch("the stack", resolved).await;
        assert_eq!(stack.wait, Some(wait));
        let park = stack.park_frame().expect("the test's own code waits");
        assert!(park.file.as_ref().unwrap().ends_with("tests/wrapped.rs"), "{park:?}");
        assert_eq!(park.line, Some(spawned + at), "{stack:#?}");
    }
    let report = judge(&viewer.model, viewer.model.at(), &Policy::default());
    for finding in report.findings.iter().filter(|it| it.class == Class::Proven) {
        let wrongly = |id| finding.examples.iter().any(|example| example.task == id);
        assert!(!tasks.iter().any(|task| wrongly(number(task.id()))), "{finding:#?}");
    }
}

#[tokio::test]
async fn a_waker_that_a_shared_future_keeps_is_not_the_channels() {
    use futures::FutureExt;

    let mut viewer = Viewer::attach().await;
    let line = line!() + 1;
    let (sender, mut receiver) = mpsc::channel::<u8>(1);
    let shared = async move { receiver.recv().await }.boxed().shared();
    let task = tokio::spawn(async move {
        shared.await;
        drop(sender);
    });
    let channel = viewer.resource(line, 1).await;
    let id = number(task.id());
    assert_eq!(held(&channel, Side::Receive), [(Some(id), true)]);
    let waiting = viewer.settled(id).await;
    assert_eq!((waiting.waits, waiting.wakers), (vec![], Some(1)), "of {channel:?}");
}

#[tokio::test]
async fn a_handle_used_by_one_task_and_then_by_another_has_moved() {
    let mut viewer = Viewer::attach().await;
    let line = line!() + 1;
    let (sender, mut receiver) = mpsc::channel::<u8>(4);
    let sender = tokio::spawn(async move {
        sender.send(1).await.unwrap();
        sender
    });
    let sender = sender.await.unwrap();
    let second = tokio::spawn(async move {
        sender.send(2).await.unwrap();
        std::future::pending::<()>().await;
        drop(sender);
    });
    tokio::spawn(async move { while receiver.recv().await.is_some() {} });
    let id = number(second.id());
    let moved = |model: &Model| {
        let channel =
            model.resources().find(|it| it.place.as_ref().is_some_and(|at| at.line == line))?;
        let sender = channel.handles.iter().find(|handle| handle.side == Side::Send)?;
        (sender.task.map(|task| task.id) == Some(id)).then_some(sender.moved)
    };
    assert!(viewer.watch("the sender", moved).await);
}

#[tokio::test]
async fn a_task_that_ignores_its_token_is_told_by_it() {
    let mut viewer = Viewer::attach().await;
    let line = line!() + 1;
    let parent = CancellationToken::new();
    let token = parent.child_token();
    let (entered, ignoring) = oneshot::channel();
    let site = line!() + 1;
    tokio::spawn(async move {
        tokio::select! {
            () = token.cancelled() => return,
            () = tokio::task::yield_now() => {}
        }
        entered.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    ignoring.await.unwrap();
    parent.cancel();
    let cancelled = viewer
        .watch("the cancellation", |model| {
            let site = model
                .sites()
                .find(|it| it.site.line == site && it.site.file.ends_with("wrapped.rs"))?;
            site.clusters.iter().find_map(|cluster| cluster.cancelled.clone())
        })
        .await;
    assert_eq!(cancelled.tasks, 1);
    assert_eq!(cancelled.token.unwrap().line, line + 1, "the child token's place");
}
