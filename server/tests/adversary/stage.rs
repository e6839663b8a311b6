//! Where healthy tasks wait that look stranded, until they are woken and end.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stranded_analysis::facts::{Moment, Update, View};
use stranded_analysis::report::{Class, Finding, Stage as Held};
use stranded_analysis::{Model, Policy, judge};
use stranded_proto::v1;
use stranded_proto::v1::inspector_client::InspectorClient;
use tokio::runtime::{Handle, Runtime};
use tokio::task::{Builder as Task, JoinHandle};

/// Nothing here takes this long, unless it never happens.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
/// The name of a task that is lost: without it, silence would prove nothing.
pub(crate) const LOST: &str = "lost";

/// What one attempt to deceive the engine does: it spawns tasks that wait, and says how to wake them.
pub(crate) type Attempt = fn(&Stage);

type Release = Box<dyn FnOnce() + Send>;

/// The tasks that wait, and what wakes them.
#[derive(Clone)]
pub(crate) struct Stage {
    runtime: Handle,
    waiting: Arc<Mutex<BTreeSet<String>>>,
    releases: Arc<Mutex<Vec<Release>>>,
}

/// Takes a task off the list of those that wait when it has run to its end, and not when it is dropped before.
async fn noted(stage: Stage, name: String, task: impl Future<Output = ()>) {
    task.await;
    stage.waiting.lock().unwrap().remove(&name);
}

impl Stage {
    pub(crate) fn on(runtime: &Runtime) -> Self {
        Self {
            runtime: runtime.handle().clone(),
            waiting: Arc::default(),
            releases: Arc::default(),
        }
    }

    fn enter(&self, name: &str) -> (Self, String) {
        assert!(self.waiting.lock().unwrap().insert(name.to_owned()), "{name} is there already");
        (self.clone(), name.to_owned())
    }

    /// Spawns a task that ends at last.
    pub(crate) fn spawn(
        &self,
        name: &str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        self.spawn_on(&self.runtime, name, task)
    }

    pub(crate) fn spawn_on(
        &self,
        runtime: &Handle,
        name: &str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let (stage, id) = self.enter(name);
        Task::new().name(name).spawn_on(noted(stage, id, task), runtime).unwrap()
    }

    pub(crate) fn spawn_local(
        &self,
        name: &str,
        task: impl Future<Output = ()> + 'static,
    ) -> JoinHandle<()> {
        let (stage, id) = self.enter(name);
        Task::new().name(name).spawn_local(noted(stage, id, task)).unwrap()
    }

    /// What wakes the tasks, when they have waited long enough.
    pub(crate) fn at_last(&self, release: impl FnOnce() + Send + 'static) {
        self.releases.lock().unwrap().push(Box::new(release));
    }

    /// A receiver that gets its value at last.
    pub(crate) fn signal(&self) -> futures::channel::oneshot::Receiver<()> {
        let (tx, rx) = futures::channel::oneshot::channel();
        self.at_last(move || _ = tx.send(()));
        rx
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn waiting(&self) -> BTreeSet<String> {
        self.waiting.lock().unwrap().clone()
    }

    /// Lets everything that waits go on, and waits for its end.
    fn release(&self) {
        let releases = std::mem::take(&mut *self.releases.lock().unwrap());
        for release in releases {
            release();
        }
        let start = Instant::now();
        while !self.waiting().is_empty() {
            assert!(start.elapsed() < DEADLINE, "not healthy: {:?}", self.waiting());
            std::thread::yield_now();
        }
    }
}

/// What was said while the tasks waited.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Rule and task of each finding called proven.
    pub(crate) proven: BTreeSet<(String, String)>,
    /// The findings themselves.
    pub(crate) findings: Vec<Finding>,
    /// The tasks of which it is said that nothing can be said.
    pub(crate) unaccounted: BTreeSet<String>,
}

/// Judges the tasks on the stage by the link at `address` while they wait, then lets them end. They have waited long
/// enough when all have stood still for three times the settle time, and when `LOST`, if it `is_proven`, is.
pub(crate) async fn judged(stage: &Stage, address: String, is_proven: bool) -> Heard {
    let mut client = InspectorClient::connect(address).await.unwrap();
    let views = tokio_stream::once(v1::View::from(&View::default()));
    let mut updates = client.watch(views).await.unwrap().into_inner();
    let (mut model, policy) = (Model::default(), Policy::default());
    let mut heard = Heard::default();
    let mut still: Option<(u64, Moment)> = None;
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < DEADLINE, "{:?} did not come to rest", stage.waiting());
        let message = updates.message().await.unwrap().expect("the stream goes on");
        let update = Update::try_from(message).unwrap();
        let complete = update.complete;
        model.apply(update);
        if !complete {
            continue;
        }
        model.review(model.at(), &policy);
        let report = judge(&model, model.at(), &policy);
        let mut confirmed = false;
        for finding in report.findings {
            confirmed |= finding.site.name == LOST && finding.stage == Held::Confirmed;
            let accused = (finding.rule.0.to_string(), finding.site.name.clone());
            if finding.class == Class::Proven && heard.proven.insert(accused) {
                heard.findings.push(finding);
            }
        }
        let named: Vec<_> =
            model.sites().filter(|site| !site.own && !site.site.name.is_empty()).collect();
        let clusters = named.iter().flat_map(|site| &site.clusters);
        let polls = clusters.map(|cluster| cluster.polls.1).sum();
        if still.is_none_or(|(before, _)| before != polls) {
            still = Some((polls, model.at()));
        }
        let unaccounted =
            named.iter().filter(|site| site.clusters.iter().any(|cluster| cluster.unaccounted > 0));
        heard.unaccounted.extend(unaccounted.map(|site| site.site.name.clone()));
        let since = still.map_or(model.at(), |(_, since)| since);
        if model.at().since(since) >= policy.settle * 3 && confirmed == is_proven {
            break;
        }
    }
    let stage = stage.clone();
    tokio::task::spawn_blocking(move || stage.release()).await.unwrap();
    heard
}
