//! What a viewer is told of locks, over the network, while the service changes how much is tracked.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::sync::Arc;
use std::time::Duration;

use stranded_analysis::Model;
use stranded_analysis::facts::{
    Cap, Hold, ResourceFacts, ResourceState, ResourceTracking, TaskId, Update, View, WaitingTask,
};
use stranded_proto::v1;
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_server::{Builder, Resources};
use tokio::sync::Mutex;
use tokio::task::yield_now;
use tokio::time::timeout;

/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(40);

/// What the viewer has been told.
#[derive(Default)]
struct Told {
    model: Model,
    updates: Option<tonic::Streaming<v1::Update>>,
    resources: Vec<ResourceFacts>,
    waiting: Vec<WaitingTask>,
}

impl Told {
    /// Takes updates until `holds`.
    async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        let wait = async {
            while !holds(self) {
                let updates = self.updates.as_mut().unwrap();
                let message = updates.message().await.unwrap().expect("the stream goes on");
                let update = Update::try_from(message).unwrap();
                self.resources.retain(|known| {
                    !update.resources_gone.contains(&known.id)
                        && update.resources.iter().all(|new| new.id != known.id)
                });
                self.resources.extend(update.resources.iter().cloned());
                self.waiting.retain(|known| {
                    !update.waiting_gone.contains(&known.id)
                        && update.waiting.iter().all(|new| new.id != known.id)
                });
                self.waiting.extend(update.waiting.iter().cloned());
                self.model.apply(update);
            }
        };
        timeout(DEADLINE, wait).await.expect("it is told in time");
    }

    fn caps(&self) -> Option<(bool, bool, ResourceTracking)> {
        let target = self.model.target()?;
        let has = |cap| target.caps.has(cap);
        Some((has(Cap::Resources), has(Cap::Timers), target.resources))
    }

    fn lock(&self, line: u32) -> Option<&ResourceFacts> {
        self.resources.iter().find(|lock| lock.place.as_ref().is_some_and(|it| it.line == line))
    }
}

/// Two tasks that each hold a lock and want the other's; their numbers.
fn deadlock(first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>) -> [TaskId; 2] {
    [(first, second), (second, first)].map(|(mine, other)| {
        let (mine, other) = (Arc::clone(mine), Arc::clone(other));
        let task = tokio::spawn(async move {
            let _mine = mine.lock().await;
            while other.try_lock().is_ok() {
                yield_now().await;
            }
            let _other = other.lock().await;
        });
        TaskId(task.id().to_string().parse().unwrap())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_told_and_tracking_follows_its_switch() {
    let agent = Builder::new().bind("127.0.0.1:0").resources(Resources::Off).init();
    let early = [(); 2].map(|()| Arc::new(Mutex::new(())));
    deadlock(&early[0], &early[1]);

    let address = agent.address(DEADLINE).expect("the agent listens").to_string();
    let mut client = InspectorClient::connect(address).await.unwrap();
    let views = tokio_stream::once(v1::View::from(&View::default()));
    let updates = client.watch(views).await.unwrap().into_inner();
    let mut told = Told { updates: Some(updates), ..Told::default() };
    let off = (false, false, ResourceTracking::Off);
    told.until(|told| told.model.sites().count() > 0 && told.caps() == Some(off)).await;

    agent.track(Resources::Locks);
    let (first, first_line) = (Arc::new(Mutex::new(())), line!());
    let (second, second_line) = (Arc::new(Mutex::new(())), line!());
    let [one, two] = deadlock(&first, &second);
    let settled = |told: &Told| {
        told.waiting.len() == 2 && told.waiting.iter().all(|task| task.settled_since.is_some())
    };
    told.until(|told| settled(told) && told.lock(first_line).is_some()).await;
    assert_eq!(told.resources.len(), 2, "those made before stay unknown: {:#?}", told.resources);
    for (line, holder, waiter) in [(first_line, one, two), (second_line, two, one)] {
        let lock = told.lock(line).unwrap();
        assert!(lock.place.as_ref().unwrap().file.ends_with("tests/resources.rs"));
        assert_eq!((lock.state, lock.waiting), (ResourceState::Locked(true), 1));
        let held: Vec<_> =
            lock.holders.iter().map(|it| (it.task.unwrap().id, it.hold, it.movable)).collect();
        assert_eq!((held, lock.unknown_holders), (vec![(holder, Hold::Exclusive, false)], 0));
        let task = told.waiting.iter().find(|task| task.id == waiter).unwrap();
        let waits: Vec<_> = task.waits.iter().map(|wait| (wait.resource, wait.wants)).collect();
        assert_eq!((waits, task.wakers), (vec![(lock.id, Hold::Exclusive)], Some(1)));
    }
    assert_eq!(told.caps(), Some((true, false, ResourceTracking::Locks)));

    agent.track(Resources::All);
    let all = (true, true, ResourceTracking::All);
    told.until(|told| told.caps() == Some(all)).await;
    assert_eq!(told.resources.len(), 2, "locks go on being known");
    agent.track(Resources::Off);
    told.until(|told| told.caps() == Some(off) && told.resources.is_empty()).await;
}
