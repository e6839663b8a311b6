//! Every threshold of the engine, in one place.
//!
//! The values are the starting values of the leak rules; each field names the rule or health fact that
//! reads it, and [`crate::rules::explain`] tells what for.

use std::time::Duration;

use crate::allow::{Allowances, Baseline};
use crate::report::RuleId;

/// The thresholds that [`crate::judge()`] uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// By how much [`Policy::scaled`] changed the durations; 1 if not at all. Outputs say so.
    pub factor: f64,
    /// Rules that are not asked, to see what the others find without them. Outputs say so.
    pub without: Vec<RuleId>,
    /// What the team has acknowledged, place by place.
    pub allowances: Allowances,
    /// What was accepted as it was; `None`: nothing.
    pub baseline: Option<Baseline>,

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

    /// L3: a site that spawned nothing for so many of its mean gaps has come to a rest.
    pub rest_gaps: f64,

    /// L4: how long after its cancellation a task may still be there.
    pub cancel_grace: Duration,
    /// L5: the least time since the wakers of a task are gone.
    pub waker_gone_floor: Duration,
    /// L5: and so many times the 99th percentile of the gaps between wakes at this site.
    pub waker_gone_gaps: f64,
    /// L5: with more spawns of the waking site for each spawn of the woken one, wakers come and go.
    pub wakers_per_task: f64,
    /// P7: how long a task must have been woken and not polled, and its thread stuck or its set not driven.
    pub unscheduled: Duration,
    /// P8: how long ago a task must have ended.
    pub zombie_floor: Duration,
    /// P8: so many bytes must be pinned at a site; with less it is odd only.
    pub zombie_bytes: u64,
    /// L8: so many tasks must wait for permits.
    pub drained_minimum: u64,
    /// W4: the share below which room or permits are scarce.
    pub full_share: f64,
    /// W4: the least room or number of permits of which a share means anything.
    pub full_minimum: u64,
    /// W4: how long they must have been scarce.
    pub full_for: Duration,

    /// P4, L6, L7, L8: the least time without a hand-over.
    pub stall_floor: Duration,
    /// L6: and so many times the 99th percentile of the gaps between wakes at this site.
    pub stall_gaps: f64,
    /// L9: the least time a task must have waited for I/O.
    pub io_floor: Duration,
    /// L9: and so many times the 99th percentile of the gaps between wakes, and of returned lifetimes.
    pub io_gaps: f64,
    /// L10: the least age of a task spawned in a destructor.
    pub on_drop_floor: Duration,
    /// L10: and so many times the 99th percentile of returned lifetimes.
    pub on_drop_norms: f64,
    /// L11: the least time a task must have waited for the others.
    pub short_floor: Duration,
    /// L12: the least number of polls from which a task counts as ticking.
    pub ticks_minimum: u64,
    /// L12: within how many of its mean periods a ticking task must have been polled.
    pub tick_periods: f64,
    /// L13: how long a task must have been spinning.
    pub spin_for: Duration,
    /// L13: the least polls per second of a spinning task.
    pub spin_rate: f64,
    /// L13: the least share of its wakes that are its own.
    pub spin_share: f64,
    /// L13: a median poll longer than this does some work.
    pub spin_poll: Duration,
    /// L13: an operation longer than this does some work, where polls use up their budget of operations. One on a closed
    /// channel takes a tenth of that, a few times more in a build without optimisation.
    pub spin_step: Duration,
    /// L13: how long a single poll may take.
    pub poll_floor: Duration,
    /// L14: how long blocking work may run.
    pub blocking_floor: Duration,
    /// L14: the most threads that Tokio's default lets a blocking pool have.
    pub blocking_threads: u64,
    /// L14: the share of them that is busy in a pool that is nearly full.
    pub blocking_full: f64,

    /// W1: the least time a task must have been parked.
    pub slow_floor: Duration,
    /// W1: and so many times the 99th percentile of returned lifetimes.
    pub slow_norms: f64,
    /// W3: a timer further away than this is odd.
    pub far_timer: Duration,
    /// W5: how long a connection that is kept open must have been idle.
    pub old_idle: Duration,
    /// W6, W7: the least time a task must have been parked.
    pub odd_floor: Duration,
    /// W6: and so many times the 99th percentile of the gaps between wakes at this site.
    pub self_waker_gaps: f64,
    /// W8: survivors of one site that hold more bytes than this.
    pub big_bytes: u64,

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
    /// H7: how far away a timer may be, and how long one of unknown length is trusted.
    pub timer_trusted: Duration,
    /// H7: how soon a timer must be due to speak against L3.
    pub timer_soon: Duration,
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
            allowances: Allowances::default(),
            baseline: None,
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
            rest_gaps: 10.0,
            cancel_grace: 5 * second,
            waker_gone_floor: 30 * second,
            waker_gone_gaps: 10.0,
            wakers_per_task: 2.0,
            unscheduled: 10 * second,
            zombie_floor: minute,
            zombie_bytes: 1 << 20,
            drained_minimum: 3,
            full_share: 0.1,
            full_minimum: 10,
            full_for: minute,
            stall_floor: 30 * second,
            stall_gaps: 20.0,
            io_floor: minute,
            io_gaps: 10.0,
            on_drop_floor: 30 * second,
            on_drop_norms: 10.0,
            short_floor: 30 * second,
            ticks_minimum: 10,
            tick_periods: 10.0,
            spin_for: 30 * second,
            spin_rate: 1000.0,
            spin_share: 0.9,
            spin_poll: Duration::from_micros(50),
            spin_step: Duration::from_micros(5),
            poll_floor: 5 * second,
            blocking_floor: minute,
            blocking_threads: 512,
            blocking_full: 0.8,
            slow_floor: 30 * second,
            slow_norms: 100.0,
            far_timer: 24 * hour,
            old_idle: 30 * minute,
            odd_floor: 30 * second,
            self_waker_gaps: 10.0,
            big_bytes: 16 << 20,
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
            timer_soon: 10 * minute,
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
            cancel_grace: scale(self.cancel_grace),
            waker_gone_floor: scale(self.waker_gone_floor),
            unscheduled: scale(self.unscheduled),
            zombie_floor: scale(self.zombie_floor),
            full_for: scale(self.full_for),
            stall_floor: scale(self.stall_floor),
            io_floor: scale(self.io_floor),
            on_drop_floor: scale(self.on_drop_floor),
            short_floor: scale(self.short_floor),
            spin_for: scale(self.spin_for),
            poll_floor: scale(self.poll_floor),
            blocking_floor: scale(self.blocking_floor),
            slow_floor: scale(self.slow_floor),
            far_timer: scale(self.far_timer),
            old_idle: scale(self.old_idle),
            odd_floor: scale(self.odd_floor),
            resident_grace: scale(self.resident_grace),
            constant_for: scale(self.constant_for),
            timer_trusted: scale(self.timer_trusted),
            timer_soon: scale(self.timer_soon),
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
