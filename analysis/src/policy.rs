//! Every threshold of the engine, in one place.
//!
//! The values are the starting values of the leak rules; each field names the rule or health fact that
//! reads it, and [`crate::rules::explain`] tells what for.

use std::time::Duration;

use crate::report::RuleId;

/// The thresholds that [`crate::judge()`] uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// By how much [`Policy::scaled`] changed the durations; 1 if not at all. Outputs say so.
    pub factor: f64,
    /// Rules that are not asked, to see what the others find without them. Outputs say so.
    pub without: Vec<RuleId>,

    /// Verdicts: how long a task must be seen unable to run before that counts as a proof (P1).
    pub settle: Duration,
    /// Verdicts: how long the condition of a likely or watch finding must hold before it is confirmed.
    pub confirm: Duration,
    /// Verdicts: how long symbols are waited for that may speak for a task, before it is accused without.
    pub symbols: Duration,
    /// Verdicts: after so many failures in a row a confirmed likely finding is closed.
    pub failures: u32,

    /// Gate: the share of the runtime's tasks that must be visible before anything is judged. Also the
    /// share of the visible ones that must have had time to be judged before "clean" is said.
    pub coverage_floor: f64,
    /// Gate: so many invisible tasks are put down to counts not taken at the same instant.
    pub coverage_slack: u64,
    /// Gate: the share of unreliable waker counts above which P1 is off.
    pub unaccounted_share: f64,
    /// Gate: how long no task must have been polled, with tasks due, until the runtime counts as frozen.
    pub frozen: Duration,

    /// Norms: so many tasks of a site must have returned before their lifetimes are a norm.
    pub norm_minimum: u64,
    /// L1: only tasks spawned within this time are compared; also the reach of trends.
    pub window: Duration,
    /// L1: the least age of a survivor.
    pub cutoff_floor: Duration,
    /// L1: a survivor is older than so many times the 99th percentile of returned lifetimes.
    pub cutoff_norms: f64,
    /// L1: the least number of survivors.
    pub survivors_minimum: u64,
    /// L1, L2: the share of the accused that must wait at one place to name it.
    pub one_place: f64,
    /// Site table: the age at which a site without a norm can be judged.
    pub cutoff_without_norm: Duration,

    /// L2: the probability of such a trend by chance, below which it is significant.
    pub trend_chance: f64,
    /// L2: the least number of points of a trend.
    pub trend_points: usize,
    /// L2: the least number of live tasks.
    pub growth_minimum: u64,
    /// L2: spawns per second from which five-second minima serve as well as those of minutes.
    pub fast_rate: f64,
    /// L2: the reach of the trend of five-second minima.
    pub fast_window: Duration,

    /// L3: the least time since the request ended.
    pub outlived_floor: Duration,
    /// L3: and so many times the 99th percentile of returned lifetimes.
    pub outlived_norms: f64,

    /// W1: the least time a task must have been parked.
    pub slow_floor: Duration,
    /// W1: and so many times the 99th percentile of returned lifetimes.
    pub slow_norms: f64,

    /// H1: tasks spawned within this time of the agent's start are residents.
    pub resident_grace: Duration,
    /// H2, H3: how long the number of live tasks must have been constant.
    pub constant_for: Duration,
    /// H2, H3: the share by which it may vary; by one task it always may.
    pub constant_share: f64,
    /// H2: so many other tasks must have been spawned meanwhile.
    pub constant_others: u64,
    /// H4: within how many of its usual gaps a task must have been woken.
    pub responsive_gaps: f64,
    /// H4: the least number of polls from which a usual gap is known.
    pub responsive_polls: u64,
    /// H5: a task that spawned so many others is an entrance.
    pub entrance_children: u64,
    /// H6: the share of the tasks that must have been woken by I/O before.
    pub io_woken: f64,
    /// H6, H7: the share of the tasks whose stacks must name a socket or a timer. A `select!` over more
    /// than two branches keeps two of its stacks, so it need not be all of them.
    pub stack_share: f64,
    /// H7: how long a timer of unknown length is trusted.
    pub timer_trusted: Duration,
    /// H9: so many tasks of the site must have ended by an abort.
    pub aborted_minimum: u64,
}

impl Default for Policy {
    fn default() -> Self {
        let (second, minute, hour) =
            (Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(3600));
        Self {
            factor: 1.0,
            without: Vec::new(),
            settle: 5 * second,
            confirm: 10 * second,
            symbols: minute,
            failures: 2,
            coverage_floor: 0.95,
            coverage_slack: 2,
            unaccounted_share: 0.001,
            frozen: 10 * second,
            norm_minimum: 20,
            window: hour,
            cutoff_floor: 30 * second,
            cutoff_norms: 10.0,
            survivors_minimum: 3,
            one_place: 0.8,
            cutoff_without_norm: minute,
            trend_chance: 0.01,
            trend_points: 6,
            growth_minimum: 5,
            fast_rate: 0.2,
            fast_window: minute,
            outlived_floor: 10 * second,
            outlived_norms: 10.0,
            slow_floor: 30 * second,
            slow_norms: 100.0,
            resident_grace: 30 * second,
            constant_for: 10 * minute,
            constant_share: 0.1,
            constant_others: 100,
            responsive_gaps: 10.0,
            responsive_polls: 10,
            entrance_children: 10,
            io_woken: 0.8,
            stack_share: 0.5,
            timer_trusted: 24 * hour,
            aborted_minimum: 3,
        }
    }
}

impl Policy {
    /// This policy with every duration multiplied by `factor`: for demonstrations and tests, where a
    /// service lives for seconds instead of days. The bins in which a source counts keep their width, so
    /// [`Policy::fast_rate`] stays, a source settles and resolves symbols as slowly as ever, and trends reach as far back as their least number of points takes. A
    /// factor that is not a positive number changes nothing.
    pub fn scaled(&self, factor: f64) -> Self {
        if !(factor.is_finite() && factor > 0.0) {
            return self.clone();
        }
        let scale = |span: Duration| {
            Duration::try_from_secs_f64(span.as_secs_f64() * factor).unwrap_or(Duration::MAX)
        };
        Self {
            factor: self.factor * factor,
            confirm: scale(self.confirm),
            frozen: scale(self.frozen),
            window: scale(self.window),
            cutoff_floor: scale(self.cutoff_floor),
            cutoff_without_norm: scale(self.cutoff_without_norm),
            fast_window: scale(self.fast_window),
            outlived_floor: scale(self.outlived_floor),
            slow_floor: scale(self.slow_floor),
            resident_grace: scale(self.resident_grace),
            constant_for: scale(self.constant_for),
            timer_trusted: scale(self.timer_trusted),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_there_and_back_changes_nothing() {
        let policy = Policy::default();
        let back = policy.scaled(0.25).scaled(4.0);
        assert_eq!(back, policy);
        assert_eq!(policy.scaled(0.02).confirm, Duration::from_millis(200));
        assert!((policy.scaled(0.02).factor - 0.02).abs() < 1e-12);
    }

    #[test]
    fn a_useless_factor_changes_nothing() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Policy::default().scaled(factor), Policy::default());
        }
    }
}
