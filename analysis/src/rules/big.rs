//! W8: survivors that hold much memory.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc};
use crate::facts::Cap;
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "W8",
        title: "big survivors",
        class: Class::Watch,
        needs: &[Cap::Norms],
        meaning: "The futures of these tasks hold much memory for as long as they wait, whether that wait is a leak or not.",
        condition: "The size of the largest future of the site, times the tasks that are older than its survivors' age (max(30 s, 10 x the 99th percentile of returned lifetimes), or 60 s before 20 returned), is more than 16 MiB.",
        reason: "A future is as large as everything that lives across any of its awaits. One large buffer in one branch is paid for by every task that waits in another.",
        example: "512 tasks older than 30s x 36 KiB = 18 MiB.",
        fix: "`Box::pin` the large branch, or keep its buffers out of the future while it waits.",
        limits: "Tasks may be large by design. What the future points to is not counted, and the largest future stands for all.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let (site, policy) = (scene.site, scene.policy);
    if !site.site.kind.has_wakers() || site.future_bytes == 0 {
        return Opinion::default();
    }
    let age = scene.cutoff().unwrap_or(policy.cutoff_without_norm);
    if site.live.saturating_mul(site.future_bytes) <= policy.big_bytes {
        return Opinion::default();
    }
    let old = |age| scene.crowds.iter().map(|crowd| crowd.ages.certainly_above(age)).sum::<u64>();
    let survivors = old(age);
    let bytes = survivors.saturating_mul(site.future_bytes);
    if bytes <= policy.big_bytes {
        return Opinion::default();
    }
    let later = old(age.saturating_add(policy.confirm)).saturating_mul(site.future_bytes);
    let largest = scene.crowds.first();
    let place = largest
        .filter(|crowd| crowd.parked as f64 >= policy.one_place * site.live as f64)
        .and_then(|crowd| crowd.point.clone());
    let oldest = scene.crowds.iter().map(|crowd| crowd.oldest_parked).min();
    Opinion::charge(Charge {
        place,
        affected: survivors,
        confirms: Confirms::by(later > policy.big_bytes, false, policy),
        oldest: oldest.map(|since| scene.now.since(since)).unwrap_or_default(),
        examples: largest.map(|crowd| crowd.examples.clone()).unwrap_or_default(),
        evidence: vec![format!(
            "{} older than {} x {} = {}.",
            words::counted(survivors, "task"),
            words::duration(age),
            words::bytes(site.future_bytes),
            words::bytes(bytes)
        )],
        counter_evidence: vec!["Tasks may be this large by design.".to_owned()],
        clears: "They end.".to_owned(),
        ..Charge::of_site(&RULE.doc, scene)
    })
}
