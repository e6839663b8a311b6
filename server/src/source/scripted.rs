//! A source whose facts a test writes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stranded_analysis::facts::{
    Caps, Cluster, Frame, Gauges, Instrumentation, Moment, ParkStack, Registration,
    ResourceTracking, SiteFacts, SiteId, Source as Kind, SpawnSite, StackCapture, StackId,
    TargetInfo, TaskFacts, TaskId, TaskKind, TaskState, View, Wait, Window,
};

use super::{Census, Rows, Source};

/// The facts of a process that does not exist.
#[derive(Default)]
pub(crate) struct Scripted {
    facts: Mutex<Facts>,
    viewers: AtomicI32,
    censuses: AtomicUsize,
}

/// What a test can write.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) at: u64,
    pub(crate) gauges: Gauges,
    pub(crate) sites: BTreeMap<SiteId, SiteFacts>,
    pub(crate) tasks: BTreeMap<TaskId, TaskFacts>,
    pub(crate) stacks: BTreeMap<StackId, ParkStack>,
    /// Whether a census panics.
    pub(crate) broken: bool,
    census: Option<Arc<Census>>,
}

impl Scripted {
    /// A process with one site, one task of it, and the unresolved stack at which it is parked.
    pub(crate) fn small() -> Arc<Self> {
        let source = Self::default();
        source.write(|facts| {
            facts.put_site(site(1, Some(1)));
            facts.put_task(task(10, 1, Some(1)));
            facts.put_stack(unresolved(1));
        });
        Arc::new(source)
    }

    /// Changes the facts; time goes on by a millisecond.
    pub(crate) fn write(&self, change: impl FnOnce(&mut Facts)) {
        let mut facts = self.facts.lock().unwrap();
        change(&mut facts);
        facts.at += 1_000_000;
        facts.gauges.tracked = facts.tasks.len() as u64;
        facts.census = Some(Arc::new(Census {
            gauges: facts.gauges.clone(),
            sites: facts.sites.values().cloned().collect(),
            ..Census::empty(Moment(facts.at))
        }));
    }

    /// How many viewers are attached.
    pub(crate) fn attached(&self) -> i32 {
        self.viewers.load(Ordering::SeqCst)
    }

    /// How often a census was asked for.
    pub(crate) fn censuses(&self) -> usize {
        self.censuses.load(Ordering::SeqCst)
    }
}

impl Facts {
    pub(crate) fn put_site(&mut self, site: SiteFacts) {
        self.sites.insert(site.id, site);
    }

    pub(crate) fn put_task(&mut self, task: TaskFacts) {
        self.tasks.insert(task.id, task);
    }

    pub(crate) fn put_stack(&mut self, stack: ParkStack) {
        self.stacks.insert(stack.id, stack);
    }
}

impl Source for Scripted {
    fn target(&self) -> TargetInfo {
        TargetInfo {
            name: "scripted".to_owned(),
            pid: 4711,
            host: None,
            source: Kind::Agent,
            agent_version: "0.0.0".to_owned(),
            tokio_version: None,
            caps: Caps::default(),
            instrumentation: Instrumentation::Working,
            stacks: StackCapture::FramePointers,
            resources: ResourceTracking::All,
            epoch_unix_ns: None,
            faults: Vec::new(),
        }
    }

    fn census(&self) -> Arc<Census> {
        self.censuses.fetch_add(1, Ordering::SeqCst);
        let census = {
            let facts = self.facts.lock().unwrap();
            facts.census.clone().filter(|_| !facts.broken)
        };
        census.expect("this census is broken")
    }

    fn rows(&self, view: &View) -> Rows {
        let facts = self.facts.lock().unwrap();
        let selected: Vec<_> = facts
            .tasks
            .values()
            .filter(|task| view.site.is_none_or(|site| site == task.site))
            .map(|task| task.id)
            .collect();
        let matched = selected.len() as u64;
        let rows: Vec<_> = selected.into_iter().take(view.limit as usize).collect();
        let (alive, gone): (Vec<_>, Vec<_>) =
            view.focus.iter().copied().partition(|id| facts.tasks.contains_key(id));
        let mut wanted: Vec<_> = rows.iter().copied().chain(alive).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let tasks = wanted.iter().map(|id| facts.tasks[id].clone()).collect();
        let window = Window { rows, matched, query_error: None };
        Rows { at: Moment(facts.at), window, tasks, gone }
    }

    fn stack(&self, id: StackId) -> Option<ParkStack> {
        self.facts.lock().unwrap().stacks.get(&id).cloned()
    }

    fn viewers(&self, change: i32) {
        self.viewers.fetch_add(change, Ordering::SeqCst);
    }
}

/// A site with one task, parked at `stack` if one is given.
pub(crate) fn site(id: u32, stack: Option<u32>) -> SiteFacts {
    let cluster = |stack| Cluster {
        parked: 1,
        current: 1,
        never_woken: 1,
        polls: (1, 1),
        ..Cluster::new(vec![StackId(stack)], Moment(1), Moment(1))
    };
    let place = SpawnSite {
        file: format!("src/module_{id}.rs"),
        line: 10,
        column: 5,
        name: String::new(),
        kind: TaskKind::Task,
    };
    SiteFacts {
        spawned: 1,
        live: 1,
        max_live: 1,
        future_bytes: 128,
        clusters: stack.map(cluster).into_iter().collect(),
        ..SiteFacts::new(SiteId(id), place, Moment(1))
    }
}

/// A parked task of a site, at `stack` if one is given.
pub(crate) fn task(id: u64, site: u32, stack: Option<u32>) -> TaskFacts {
    TaskFacts {
        id: TaskId(id),
        tokio_id: Some(id),
        site: SiteId(site),
        name: None,
        state: TaskState::Parked,
        spawned: Moment(1),
        spawner: None,
        spawner_site: None,
        spawner_alive: None,
        polls: 1,
        last_poll: Some(Moment(1)),
        parked_since: Some(Moment(2)),
        busy: Duration::ZERO,
        scheduled: Duration::ZERO,
        wakers: None,
        unaccounted: false,
        last_wake: None,
        registrations: stack
            .map(|stack| Registration { stack: StackId(stack), poll: 1 })
            .into_iter()
            .collect(),
        future_bytes: Some(128),
        original_bytes: None,
        scope: None,
        stranded_since: None,
        own: false,
    }
}

/// A stack whose symbols are not known yet.
pub(crate) fn unresolved(id: u32) -> ParkStack {
    ParkStack { id: StackId(id), wait: None, park: None, addresses: vec![0x1000], frames: vec![] }
}

/// The same stack, resolved.
pub(crate) fn resolved(id: u32) -> ParkStack {
    ParkStack {
        wait: Some(Wait::MpscRecv),
        park: Some(0),
        frames: vec![Frame {
            function: "app::work".to_owned(),
            file: Some("src/work.rs".to_owned()),
            line: Some(7),
            user: true,
        }],
        ..unresolved(id)
    }
}
