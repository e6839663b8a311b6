//! Every threshold of the engine, in one place.

use std::time::Duration;

/// The thresholds that `judge` uses. Each names the rule or section of `docs/RULES.md` it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// How long two equal looks at a task must lie apart before a proof (P rules).
    pub settle: Duration,
    /// How long the condition of a likely finding must hold before it is shown.
    pub confirm: Duration,
    /// How long no task must have been polled, with tasks due, before the runtime counts as frozen.
    pub frozen: Duration,
    /// The share of the runtime's tasks that must be visible before anything is judged.
    pub coverage_floor: f64,
    /// So many invisible tasks are put down to counts that were not taken at the same instant.
    pub coverage_slack: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(5),
            confirm: Duration::from_secs(10),
            frozen: Duration::from_secs(10),
            coverage_floor: 0.95,
            coverage_slack: 2,
        }
    }
}

impl Policy {
    /// This policy with every duration multiplied by `factor`: for demonstrations and tests, where a
    /// service lives for seconds instead of days. The screen says so.
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            settle: self.settle.mul_f64(factor),
            confirm: self.confirm.mul_f64(factor),
            frozen: self.frozen.mul_f64(factor),
            ..self.clone()
        }
    }
}
