//! L1: a few tasks of a site outlive all the others by far.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::Cap;
use crate::health::{self, Defence, Trends};
use crate::history;
use crate::park::Crowd;
use crate::report::Class;
use crate::scene::Scene;
use crate::stats;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L1",
        title: "survivors",
        class: Class::Likely,
        needs: &[Cap::Norms, Cap::Endings],
        meaning: "Most tasks of this site end soon. Some do not end at all: more than the site's own history explains.",
        condition: "At least 20 tasks returned. At least 3 tasks, spawned within the last hour, are older than c = max(30 s, 10 x the 99th percentile of returned lifetimes). The lower end of the 95 % Wilson interval of survivors / spawned lies above (r + 0.5) / (n + 1), where r of the n returned tasks lived longer than c. Where their park points are known, 80 % of the survivors wait at one.",
        reason: "An age alone accuses accept loops. A share of survivors above what ever came back after such an age does not happen by chance, and one common place makes a common cause likely.",
        example: "36 of 2,160 tasks spawned here in the last hour never finished (1.7 %). The others that returned took 12ms (median; p99 180ms). All 36 wait in oneshot recv at src/cache.rs:95; the oldest has been parked for 41m07s.",
        fix: "Bound the wait with `timeout(d, ..)`; `select!` it with `token.cancelled()`; drop or use the sending side on every return path.",
        limits: "A site that does two kinds of work, one of them long: until the first long ones return, they look like survivors. Survivors older than an hour are left to W1. Keep-alive connections (H6) that grow are left to W5: whether their peers are gone cannot be seen.",
        silenced_by: &["H1", "H2", "H3", "H4", "H5", "H6", "H7", "H10"],
    },
    condition,
};

/// The survivors of the last hour, by what is compared.
#[derive(Clone, Copy)]
struct Share {
    survivors: u64,
    spawned: u64,
}

fn condition(scene: &Scene<'_>) -> Opinion {
    if !scene.site.site.kind.has_wakers() {
        return Opinion::default();
    }
    let Some(cutoff) = scene.cutoff() else {
        return Opinion::default();
    };
    let all: Vec<&Crowd> = scene.crowds.iter().collect();
    if accused_share(scene, &all, cutoff).is_none() {
        return Opinion::default();
    }
    if let Some(defence) = health::of_site(scene, "L1", Trends::Void) {
        return Opinion::silenced(Some(defence));
    }
    let mut defence: Option<Defence> = None;
    let accused: Vec<&Crowd> = all
        .into_iter()
        .filter(|crowd| match health::of_crowd(scene, crowd, "L1", Trends::Void) {
            Some(found) => {
                defence.get_or_insert(found);
                false
            }
            None => true,
        })
        .collect();
    let Some(share) = accused_share(scene, &accused, cutoff) else {
        return Opinion::silenced(defence);
    };
    let Some(crowd) = common_place(scene, &accused, cutoff) else {
        return Opinion::silenced(defence);
    };
    // A trend takes H6 its power to silence; but connections that grow may still be connections: W5.
    let doubt = health::of_crowd(scene, crowd, "L1", Trends::Ignored);
    if let Some(keep_alive) = doubt.filter(|doubt| doubt.id == "H6") {
        return Opinion::silenced(Some(keep_alive));
    }
    let later = cutoff.saturating_add(scene.policy.confirm);
    let shown = accused_share(scene, &accused, later).is_some();
    let confirms = Confirms::by(shown, crowd.unresolved, scene.policy);
    Opinion::charge(charge(scene, crowd, cutoff, share, confirms))
}

/// The crowd of survivors that this rule would accuse if H6 did not speak for them.
pub(super) fn but_for_keep_alive<'a>(scene: &'a Scene<'_>) -> Option<&'a Crowd> {
    if !scene.site.site.kind.has_wakers() {
        return None;
    }
    let cutoff = scene.cutoff()?;
    let all: Vec<&Crowd> = scene.crowds.iter().collect();
    accused_share(scene, &all, cutoff)?;
    if health::of_site(scene, "L1", Trends::Void).is_some() {
        return None;
    }
    let kept = all.into_iter().filter(|crowd| {
        let found = health::of_crowd(scene, crowd, "L1", Trends::Ignored);
        found.is_none_or(|defence| defence.id == "H6")
    });
    let kept: Vec<&Crowd> = kept.collect();
    accused_share(scene, &kept, cutoff)?;
    common_place(scene, &kept, cutoff)
}

/// The share of survivors, if it is more than history explains.
fn accused_share(scene: &Scene<'_>, crowds: &[&Crowd], cutoff: Duration) -> Option<Share> {
    let (site, policy) = (scene.site, scene.policy);
    let survivors: u64 = crowds
        .iter()
        // The oldest is told beside the ages, which need not be read where it is no survivor.
        .filter(|crowd| scene.now.since(crowd.oldest_spawned) > cutoff)
        .map(|crowd| history::certainly_between(&crowd.ages, cutoff, policy.window))
        .sum();
    if survivors < policy.survivors_minimum {
        return None;
    }
    let spawned =
        history::spawned_between(site, scene.now.back(policy.window), scene.now.back(cutoff));
    let spawned = spawned.max(survivors);
    let late = site.lifetimes.possibly_above(cutoff) as f64;
    let expected = (late + 0.5) / (site.lifetimes.count() as f64 + 1.0);
    let (least, _) = stats::wilson(survivors, spawned);
    (least > expected).then_some(Share { survivors, spawned })
}

/// The crowd where most survivors wait: of those whose place is known, if that is most of them.
fn common_place<'a>(
    scene: &Scene<'_>,
    crowds: &[&'a Crowd],
    cutoff: Duration,
) -> Option<&'a Crowd> {
    let survivors = |crowd: &Crowd| crowd.ages.certainly_above(cutoff);
    let total = |known: bool| -> u64 {
        crowds
            .iter()
            .filter(|crowd| crowd.point.is_some() == known)
            .map(|crowd| survivors(crowd))
            .sum()
    };
    let (known, unknown) = (total(true), total(false));
    let judged = known >= unknown;
    let largest = crowds
        .iter()
        .filter(|crowd| crowd.point.is_some() == judged)
        .max_by_key(|crowd| survivors(crowd))?;
    let one_place = survivors(largest) as f64
        >= scene.policy.one_place * (if judged { known } else { unknown }) as f64;
    one_place.then_some(largest)
}

fn charge(
    scene: &Scene<'_>,
    crowd: &Crowd,
    cutoff: Duration,
    share: Share,
    confirms: Confirms,
) -> Charge {
    let site = scene.site;
    let affected = crowd.ages.certainly_above(cutoff);
    let oldest = scene.now.since(crowd.oldest_parked);
    let enough = history::longest(&crowd.ages, scene.policy.survivors_minimum.min(affected));
    let since = scene.now.back(enough.unwrap_or(cutoff).saturating_sub(cutoff));
    let mut evidence = vec![format!(
        "{} of {} spawned here in the last {} never finished ({}).",
        words::count(share.survivors),
        words::counted(share.spawned, "task"),
        words::duration(scene.policy.window.min(scene.now.since(site.first_spawn))),
        words::percent(share.survivors, share.spawned)
    )];
    evidence.extend(scene.usual_life().map(|life| {
        format!("The {} that returned took {life}.", words::counted(site.returned, "task"))
    }));
    evidence.push(where_they_wait(crowd, affected, oldest));
    let late = site.lifetimes.possibly_above(cutoff);
    let mut counter_evidence = Vec::new();
    if late > 0 {
        counter_evidence.push(format!(
            "{} that lived longer than {} did return.",
            words::counted(late, "task"),
            words::duration(cutoff)
        ));
    }
    Charge {
        rule: &RULE.doc,
        class: Class::Likely,
        place: crowd.point.clone(),
        affected,
        lived: cutoff,
        since,
        confirms,
        oldest,
        examples: crowd.examples.clone(),
        examples_stranded: false,
        evidence,
        counter_evidence,
        fix: RULE.doc.fix.to_owned(),
        clears: format!(
            "They end, or so many tasks return after more than {} that these are no exception.",
            words::duration(cutoff)
        ),
        graph: None,
    }
}
