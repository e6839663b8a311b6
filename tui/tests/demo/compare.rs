//! The agent's word against the truth.

use std::ops::RangeInclusive;

use stranded_analysis::facts::{Cluster, ParkStack, SiteFacts, TaskFacts, TaskState};
use stranded_tui::demo::{SiteTruth, Truth, WaitTruth};

use crate::attached::Attached;

/// By how much a park may begin later than the service noted the wait: the rest of its poll, on a busy
/// machine. It may not begin earlier, but for the fraction of a millisecond that the truth leaves out.
const LATE_MS: u64 = 200;

/// What differs between a census and the truth from some time before it to some time after it.
pub(crate) fn differences(before: &Truth, agent: &Attached, after: &Truth) -> Vec<String> {
    let mut differences = Vec::new();
    for now in &after.sites {
        let Some(then) = before.sites.iter().find(|site| is_same(site, now)) else { continue };
        let comparison = Comparison { then, now, agent };
        if let Err(difference) = comparison.site() {
            differences
                .push(format!("{}: {difference}\n  then {then:?}\n  now  {now:?}", now.name));
        }
    }
    let known = |site: &SiteFacts| after.sites.iter().any(|truth| is_at(site, truth));
    for site in agent.model.sites().filter(|site| site.site.file.contains("src/demo/")) {
        if !known(site) {
            differences.push(format!("no such site: {:?}", site.site));
        }
    }
    differences
}

fn is_same(one: &SiteTruth, other: &SiteTruth) -> bool {
    (&one.file, one.line, &one.kind) == (&other.file, other.line, &other.kind)
}

fn is_at(site: &SiteFacts, truth: &SiteTruth) -> bool {
    let place = &site.site;
    place.file == truth.file && place.line == truth.line && place.kind.name() == truth.kind
}

/// One site, with the truth before and after the census.
struct Comparison<'a> {
    then: &'a SiteTruth,
    now: &'a SiteTruth,
    agent: &'a Attached,
}

type Difference = Result<(), String>;

impl Comparison<'_> {
    fn site(&self) -> Difference {
        let model = &self.agent.model;
        let site = model.sites().find(|site| is_at(site, self.now)).ok_or("not seen")?;
        let (then, now) = (self.then, self.now);
        let ended = |truth: &SiteTruth| truth.spawned - truth.live;
        let (spawned_since, ended_since) = (now.spawned - then.spawned, ended(now) - ended(then));
        let live = then.live.saturating_sub(ended_since)..=then.live + spawned_since;
        within("spawned", site.spawned, then.spawned..=now.spawned)?;
        within("ended", site.ended(), ended(then)..=ended(now))?;
        within("live", site.live, live.clone())?;
        if !site.site.kind.has_wakers() {
            return Ok(());
        }
        within(
            "in clusters",
            parked(site, |_| true) + site.running + site.scheduled,
            live.clone(),
        )?;
        let Some(wait) = &now.wait else { return Ok(()) };
        within("parked there", self.parked_at(site, wait), then.leaked..=*live.end())?;
        self.wakers(site, wait)?;
        self.parked_since(site)
    }

    /// Tasks that the agent sees waiting where the service says that they do.
    fn parked_at(&self, site: &SiteFacts, wait: &WaitTruth) -> u64 {
        let stack = |id| self.agent.model.stack(id);
        parked(site, |cluster| {
            let mut stacks = cluster.stacks.iter().filter_map(|id| stack(*id));
            stacks.any(|stack| is_of(stack, wait))
        })
    }

    /// Exactly so many live wakers as such a wait has.
    fn wakers(&self, site: &SiteFacts, wait: &WaitTruth) -> Difference {
        let Some(expected) = self.now.wakers.map(u64::from) else { return Ok(()) };
        let rows = || self.rows(site).filter(|task| self.waits_at(task, wait));
        for task in rows() {
            let live = task.wakers.map(|wakers| wakers.live);
            if live != Some(expected) || task.unaccounted {
                return Err(format!("not {expected} wakers: {task:?}"));
            }
        }
        if rows().count() < self.then.leaked as usize {
            return Err(format!("only {} rows with their wakers", rows().count()));
        }
        if expected == 0 {
            let zero = site.clusters.iter().map(|cluster| cluster.zero_wakers).sum();
            within("without a waker", zero, self.then.leaked..=self.now.leaked)?;
        }
        Ok(())
    }

    /// Each wait that lasted from before the census to after it has a row parked for so long.
    fn parked_since(&self, site: &SiteFacts) -> Difference {
        let mut rows: Vec<u64> = self
            .rows(site)
            .filter_map(|task| task.parked_since)
            .map(|at| self.agent.unix_ms(at))
            .collect();
        rows.sort_unstable();
        let mut rows = rows.into_iter();
        let lasting = |since: &&u64| self.now.waiting_since_unix_ms.contains(since);
        for since in self.then.waiting_since_unix_ms.iter().filter(lasting) {
            let parked = since.saturating_sub(1)..=since + LATE_MS;
            if !rows.any(|row| parked.contains(&row)) {
                return Err(format!("no row parked since {since}"));
            }
        }
        Ok(())
    }

    /// The parked tasks of the site. A row that the window does not list may be of a task that is gone.
    fn rows(&self, site: &SiteFacts) -> impl Iterator<Item = &TaskFacts> {
        let (id, model) = (site.id, &self.agent.model);
        let tasks = model.window().rows.iter().filter_map(|row| model.task(*row));
        tasks.filter(move |task| task.site == id && task.state == TaskState::Parked)
    }

    fn waits_at(&self, task: &TaskFacts, wait: &WaitTruth) -> bool {
        let mut stacks =
            task.registrations.iter().filter_map(|at| self.agent.model.stack(at.stack));
        stacks.any(|stack| is_of(stack, wait))
    }
}

/// Whether the stack ends in that kind of wait at that line.
fn is_of(stack: &ParkStack, wait: &WaitTruth) -> bool {
    let kind = stack.wait.as_ref().is_some_and(|known| {
        let code = known.code();
        code == wait.kind || code.strip_prefix(&wait.kind).is_some_and(|rest| rest.starts_with(':'))
    });
    let place = stack.park_frame().is_some_and(|frame| {
        frame.file.as_ref() == Some(&wait.file) && frame.line == Some(wait.line)
    });
    kind && place
}

fn parked(site: &SiteFacts, which: impl Fn(&Cluster) -> bool) -> u64 {
    site.clusters.iter().filter(|cluster| which(cluster)).map(|cluster| cluster.parked).sum()
}

fn within(what: &str, number: u64, expected: RangeInclusive<u64>) -> Difference {
    if expected.contains(&number) {
        return Ok(());
    }
    Err(format!("{what}: {number}, not {expected:?}"))
}
