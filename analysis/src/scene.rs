//! What a rule or a health fact looks at: one site with its crowds, at one moment.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

use crate::facts::{Cap, History, Moment, SiteFacts, StackCapture};
use crate::history::{self, Run, Trend};
use crate::model::Model;
use crate::park::Crowd;
use crate::policy::Policy;
use crate::reach::Reach;
use crate::words;

/// One site, as the rules see it.
pub(crate) struct Scene<'a> {
    pub model: &'a Model,
    pub site: &'a SiteFacts,
    pub crowds: &'a [Crowd],
    /// The moment judged, no later than the census: bins and ages tell nothing beyond it.
    pub now: Moment,
    pub policy: &'a Policy,
    /// Tasks that all sites together spawned within [`Policy::constant_for`].
    pub spawned_everywhere: u64,
    /// What nothing can wake, in the whole target.
    pub reach: Rc<Reach>,
    excess: OnceCell<Option<Trend>>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        model: &'a Model,
        site: &'a SiteFacts,
        now: Moment,
        policy: &'a Policy,
        spawned_everywhere: u64,
        reach: Rc<Reach>,
    ) -> Self {
        let crowds = model.crowds(site.id);
        Self {
            model,
            site,
            crowds,
            now,
            policy,
            spawned_everywhere,
            reach,
            excess: OnceCell::new(),
        }
    }

    /// Whether a crowd without a place really has none, because every registration is captured.
    pub(crate) fn stacks_are_complete(&self) -> bool {
        self.model.target().is_some_and(|target| {
            target.caps.has(Cap::ParkStacks) && target.stacks == StackCapture::FramePointers
        })
    }

    /// Whether a stack of a site that spawned tasks of this one is not resolved yet.
    pub(crate) fn spawners_are_unresolved(&self) -> bool {
        let spawners = self.site.spawned_by.iter().filter_map(|by| self.model.site(by.site?));
        let mut stacks =
            spawners.flat_map(|site| &site.clusters).flat_map(|cluster| &cluster.stacks);
        stacks.any(|id| self.model.stack(*id).is_none_or(|stack| stack.wait.is_none()))
    }

    /// The 99th percentile of returned lifetimes, once enough have returned to be a norm.
    pub(crate) fn norm(&self) -> Option<Duration> {
        if self.site.returned < self.policy.norm_minimum {
            None
        } else {
            self.site.lifetimes.quantile(0.99)
        }
    }

    /// The age at which a task of this site is a survivor; `None` without a norm.
    pub(crate) fn cutoff(&self) -> Option<Duration> {
        Some(self.policy.cutoff_floor.max(times(self.norm()?, self.policy.cutoff_norms)))
    }

    /// The 99th percentile of the gaps between wakes at this site; `None` before any.
    pub(crate) fn usual_gap(&self) -> Option<Duration> {
        self.site.park_times.quantile(0.99)
    }

    /// The usual life of this site's tasks, as a sentence fragment: "12ms (median; p99 1.8s)".
    pub(crate) fn usual_life(&self) -> Option<String> {
        let median = self.site.lifetimes.quantile(0.5)?;
        let p99 = self.site.lifetimes.quantile(0.99)?;
        Some(format!("{} (median; p99 {})", words::duration(median), words::duration(p99)))
    }

    /// The minima of minutes within the reach of trends.
    pub(crate) fn minutes_until(&self, until: Moment) -> Run<'a> {
        self.run(&self.site.minutes, self.policy.window, until)
    }

    /// The five-second minima within their reach.
    pub(crate) fn recent_until(&self, until: Moment) -> Run<'a> {
        self.run(&self.site.recent, self.policy.fast_window, until)
    }

    /// However short the reach, it holds enough bins for a trend, and one more for those cut at its ends.
    fn run(&self, history: &'a History, reach: Duration, until: Moment) -> Run<'a> {
        let points = u32::try_from(self.policy.trend_points).unwrap_or(u32::MAX);
        let least = history.width.saturating_mul(points.saturating_add(2));
        Run::between(history, self.now.back(reach.max(least)), until)
    }

    /// Whether live tasks grow by more than the load explains: the trend of Little's residual, live -
    /// arrivals x mean life, where tasks have returned, and of live tasks where none has. Bins of five
    /// seconds serve only in the second case, and, as for L2, only where tasks come fast enough to fill them: a
    /// single new task makes a step that the test takes for a trend. A rise counts from as many tasks as L2 asks
    /// to be alive: what a handful more means, no test can tell.
    pub(crate) fn excess(&self) -> Option<Trend> {
        *self.excess.get_or_init(|| {
            let life = history::mean(&self.site.lifetimes).unwrap_or_default().as_secs_f64();
            let recent = (self.site.returned == 0).then(|| self.recent_until(self.now));
            let recent = recent.filter(|run| run.spawn_rate() >= self.policy.fast_rate);
            [Some(self.minutes_until(self.now)), recent].into_iter().flatten().find_map(|run| {
                let width = run.width.as_secs_f64();
                let busy = |spawned: u32| {
                    if width > 0.0 { f64::from(spawned) / width * life } else { 0.0 }
                };
                let enough = self.policy.growth_minimum as f64;
                run.rise(self.policy, |bin| f64::from(bin.min_live) - busy(bin.spawned))
                    .filter(|trend| trend.tasks() >= enough)
            })
        })
    }
}

/// `norm` times `factor` where there is a norm, and no less than `floor`.
pub(crate) fn at_least(floor: Duration, factor: f64, norm: Option<Duration>) -> Duration {
    floor.max(norm.map_or(Duration::ZERO, |norm| times(norm, factor)))
}

/// `span` times `factor`, saturating.
pub(crate) fn times(span: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(span.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}
