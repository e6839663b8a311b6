//! Model, time and policy in, report out.

mod findings;
pub(crate) mod gate;
mod hearing;
mod sites;
mod victims;

use crate::allow;
use crate::facts::Moment;
use crate::model::Model;
use crate::policy::Policy;
use crate::report::{Report, Verdict};

pub(crate) use hearing::Hearing;

/// Judges everything in `model` as of `now`.
pub fn judge(model: &Model, now: Moment, policy: &Policy) -> Report {
    let gate = gate::check(model, now, policy);
    let gauges = model.gauges();
    let mut report = Report {
        at: now,
        boot: model.boot(),
        target: model.target().cloned(),
        tracked: gauges.map(|gauges| gauges.tracked),
        alive: gauges.and_then(|gauges| gauges.alive),
        verdict: Verdict::Inconclusive,
        complete: false,
        reasons: Vec::new(),
        findings: Vec::new(),
        allowances: Vec::new(),
        sites: Vec::new(),
        inactive: Vec::new(),
        retracted: model.docket().retracted(),
        untracked: gauges.map(|gauges| gauges.untracked),
    };
    if let Some(because) = gate.closed.first() {
        report.sites = sites::withheld(model, because, &[]);
        report.reasons.extend(gate.closed);
        report.reasons.extend(gate.frozen);
        report.reasons.extend(gate.limits);
        return report;
    }
    if let Some(because) = gate.frozen {
        // Every task looks parked now; what holds the threads up does not depend on that.
        let hearing = Hearing::of_stalls(model, now, policy);
        report.findings = findings::from(&hearing, model, now, policy);
        report.sites = sites::withheld(model, &because, &report.findings);
        if let Some(class) = report.confirmed().map(|finding| finding.class).min() {
            report.verdict = Verdict::Found(class);
        }
        report.reasons.push(because);
        report.reasons.extend(gate.limits);
        return report;
    }
    let hearing = Hearing::hold(model, now, policy);
    report.inactive.clone_from(&hearing.inactive);
    report.findings = findings::from(&hearing, model, now, policy);
    report.allowances = allow::apply(&mut report.findings, policy);
    report.sites = sites::verdicts(&hearing, &report.findings);
    let pending = sites::too_little_history(&report.sites, model, policy);
    let unconfirmed = findings::unconfirmed(&report.findings);
    report.complete = gate.incomplete.is_empty() && pending.is_none() && unconfirmed.is_none();
    report.verdict = match report.confirmed().map(|finding| finding.class).min() {
        Some(class) => Verdict::Found(class),
        None if report.complete => Verdict::Clean,
        None => Verdict::Inconclusive,
    };
    report.reasons.extend(gate.incomplete);
    report.reasons.extend(unconfirmed);
    report.reasons.extend(pending);
    report.reasons.extend(gate.limits);
    report
}
