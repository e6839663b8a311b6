//! Every threshold of the engine, in one place.

use std::time::Duration;

/// The thresholds that `judge` uses. Each names the rule or section of `docs/RULES.md` it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// How long two equal looks at a task must lie apart before a proof (P rules).
    pub settle: Duration,
    /// How long the condition of a likely finding must hold before it is shown.
    pub confirm: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { settle: Duration::from_secs(5), confirm: Duration::from_secs(10) }
    }
}

impl Policy {
    /// This policy with every duration multiplied by `factor`: for demonstrations and tests, where a
    /// service lives for seconds instead of days. The screen says so.
    pub fn scaled(&self, factor: f64) -> Self {
        Self { settle: self.settle.mul_f64(factor), confirm: self.confirm.mul_f64(factor) }
    }
}
