//! Model, time and policy in, report out.

mod gate;

use crate::facts::Moment;
use crate::model::Model;
use crate::policy::Policy;
use crate::report::{Report, Verdict};

/// Judges everything in `model` as of `now`.
pub fn judge(model: &Model, now: Moment, policy: &Policy) -> Report {
    let gate = gate::check(model, now, policy);
    let gauges = model.gauges();
    Report {
        at: now,
        target: model.target().cloned(),
        tracked: gauges.map(|gauges| gauges.tracked),
        alive: gauges.and_then(|gauges| gauges.alive),
        verdict: if gate.closed.is_empty() {
            Verdict::Clean
        } else {
            Verdict::Inconclusive
        },
        reasons: gate.closed.into_iter().chain(gate.limits).collect(),
        findings: Vec::new(),
        sites: Vec::new(),
        inactive: Vec::new(),
        retracted: model.docket().retracted(),
        untracked: gauges.map(|gauges| gauges.untracked),
    }
}
