//! W5: connections that are kept open, and have been idle for very long.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, no_deadline, survivors, where_they_wait};
use crate::facts::Cap;
use crate::health::{self, Defence, Trends};
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "W5",
        title: "old keep-alive",
        class: Class::Watch,
        needs: &[Cap::Norms, Cap::Endings, Cap::ParkStacks],
        meaning: "These connections look kept open on purpose (H6), but they are many and grow, or have been idle for very long.",
        condition: "L1 or L9 would accuse the tasks if H6 did not speak for them, and either the site grows beyond what its load explains, or the one that is parked longest has been idle for more than 30 min.",
        reason: "Whether the peer of an idle socket is still there cannot be seen. Idle timeouts of proxies and load balancers are seconds to minutes, so half an hour of silence is more than any of them allows.",
        example: "60 tasks of this site are no more than connections kept open, by H6; the one parked longest has been idle for 52m10s, and they grow.",
        fix: "Give connections an idle timeout, or TCP keep-alive.",
        limits: "Clients that stay connected on purpose: push streams, database sessions.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let mut opinion = Opinion::default();
    let accused = survivors::but_for_keep_alive(scene);
    let stalled = no_deadline::stalled(scene).map(|stalled| stalled.crowd);
    let mut seen: Vec<&Crowd> = Vec::new();
    for crowd in accused.into_iter().chain(stalled) {
        if seen.iter().any(|other| std::ptr::eq(*other, crowd)) {
            continue;
        }
        seen.push(crowd);
        let Some(defence) = keep_alive(scene, crowd) else { continue };
        let idle = scene.now.since(crowd.oldest_parked);
        if scene.excess().is_some() || idle > scene.policy.old_idle {
            opinion.charges.push(charge(scene, crowd, &defence));
        } else {
            opinion.silenced_by = opinion.silenced_by.or(Some(defence));
        }
    }
    opinion
}

/// H6, if nothing else speaks for them. Growth is no objection to it here: it is what is reported.
fn keep_alive(scene: &Scene<'_>, crowd: &Crowd) -> Option<Defence> {
    let of_site = health::of_site(scene, "L9", Trends::Void);
    let found = of_site.or_else(|| health::of_crowd(scene, crowd, "L9", Trends::Ignored))?;
    (found.id == "H6").then_some(found)
}

fn charge(scene: &Scene<'_>, crowd: &Crowd, defence: &Defence) -> Charge {
    let idle = scene.now.since(crowd.oldest_parked);
    let grows = scene.excess();
    let shown = idle > scene.policy.old_idle.saturating_add(scene.policy.confirm);
    let growth = match &grows {
        Some(trend) => format!(", and they grow by {} per minute", words::growth(trend.per_minute)),
        None => ", without growth".to_owned(),
    };
    Charge {
        since: grows.map_or(scene.now.back(idle), |trend| trend.start),
        confirms: Confirms::by(shown || grows.is_some(), crowd.unresolved, scene.policy),
        evidence: vec![
            format!(
                "{} kept open, idle for up to {}{growth}.",
                words::agree(
                    crowd.parked,
                    "1 connection is",
                    &format!("{} connections are", words::count(crowd.parked))
                ),
                words::duration(idle)
            ),
            where_they_wait(crowd, crowd.parked, idle),
        ],
        counter_evidence: vec![defence.text()],
        clears: "They end, or stop growing.".to_owned(),
        ..Charge::of(&RULE.doc, scene, crowd)
    }
}
