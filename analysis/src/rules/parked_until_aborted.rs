//! W2: tasks that nothing can wake, at a site whose tasks end by abort.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, lost_waker};
use crate::facts::Cap;
use crate::health::{self, Trends};
use crate::report::Class;
use crate::scene::Scene;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "W2",
        title: "parked until aborted",
        class: Class::Watch,
        needs: &[Cap::Wakers, Cap::Endings],
        meaning: "Nothing can wake these tasks, but tasks of this site usually end by being aborted, so that is probably how they are meant to end.",
        condition: "The condition of P1 holds, and so does H9: at least three tasks of the site ended by an abort, and no fewer than returned.",
        reason: "A task that only holds a guard in `pending()` needs no waker: whoever owns its handle aborts it.",
        example: "Nothing can wake these 2 tasks: no waker of theirs is left. Ends by abort: 14 tasks of this site were aborted before, and 0 returned.",
        fix: "Wait on `token.cancelled()` instead of `pending()`, so that the end of the task is visible in its code.",
        limits: "It hides a lost waker at such a site.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let Some(defence) = health::of_site(scene, "P1", Trends::Ignored) else {
        return Opinion::default();
    };
    let charges = scene.crowds.iter().filter(|crowd| crowd.stranded > 0).map(|crowd| {
        let since = crowd.stranded_since.unwrap_or(scene.now);
        let oldest = scene.now.since(since);
        let mut evidence = vec![lost_waker::no_waker_left(crowd.stranded, Some(oldest))];
        evidence.extend(lost_waker::place(crowd));
        Charge {
            rule: &RULE.doc,
            class: Class::Watch,
            place: crowd.point.clone(),
            affected: crowd.stranded,
            lived: Duration::ZERO,
            since,
            confirms: Confirms::Now,
            oldest,
            examples: crowd.stranded_examples.clone(),
            examples_stranded: true,
            evidence,
            counter_evidence: vec![defence.text()],
            fix: RULE.doc.fix.to_owned(),
            clears: "The tasks end.".to_owned(),
            graph: None,
        }
    });
    Opinion { charges: charges.collect(), silenced_by: None }
}
