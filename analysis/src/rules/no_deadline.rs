//! L9: tasks that wait for a peer without a deadline.

use std::time::Duration;

use super::{Charge, Confirms, Opinion, Rule, RuleDoc, where_they_wait};
use crate::facts::{Cap, SiteFacts, Wait, WaitClass};
use crate::health::{self, Defence, Trends};
use crate::model::Model;
use crate::park::Crowd;
use crate::pooling::pooling_crate;
use crate::report::Class;
use crate::scene::{Scene, at_least};
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L9",
        title: "I/O without deadline",
        class: Class::Likely,
        needs: &[Cap::ParkStacks, Cap::Norms],
        meaning: "These tasks wait for a socket or a pipe, and no timer would ever end that wait: a peer that is silent for ever keeps them for ever.",
        condition: "At least 20 tasks of the site returned. The task waits for I/O alone, with no timer beside it, for more than max(60 s, 10 x the 99th percentile of the gaps between wakes, and of returned lifetimes, at this site). It works for somebody: it was spawned in a request, or by a task that is not an entrance, or it connects.",
        reason: "Peers of this site answer in a known time. A wait ten times longer than all that, with nothing armed to end it, ends only if the peer does something.",
        example: "A task has waited 11m04s for bytes with no timer armed; waits at this site take 40ms (median; p99 2s). It waits in tcp read at src/upstream.rs:40 (`fetch`); parked for 11m04s.",
        fix: "Put a deadline around the exchange: `timeout(d, ..)`; turn on TCP keep-alive or HTTP/2 pings, so that a dead peer becomes an error.",
        limits: "A peer that answers only when it has something to say (long poll, subscription) looks the same at a site that also does short exchanges. Connections that clients opened to this service are left to W5.",
        silenced_by: &["H1", "H3", "H5", "H6", "H7"],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let mut opinion = Opinion::default();
    for stalled in stalled(scene) {
        let works = works_for_somebody(scene, stalled.crowd);
        let defence = health::of_site(scene, "L9", Trends::Void).or_else(|| stalled.defence());
        match defence {
            // A connection that is kept open belongs to a pool or to an entrance, not to a request.
            Some(defence) if defence.id != "H6" || !works => {
                opinion.silenced_by = opinion.silenced_by.or(Some(defence));
            }
            _ if works => opinion.charges.push(charge(scene, &stalled)),
            _ => {}
        }
    }
    opinion
}

/// A crowd that has waited for I/O for much longer than usual, with nothing to end that.
pub(super) struct Stalled<'a> {
    scene: &'a Scene<'a>,
    pub crowd: &'a Crowd,
    pub parked: Duration,
    pub threshold: Duration,
}

impl Stalled<'_> {
    /// The health fact of this crowd that speaks against L9.
    pub(super) fn defence(&self) -> Option<Defence> {
        health::of_crowd(self.scene, self.crowd, "L9", Trends::Void)
    }
}

pub(super) fn stalled<'a>(scene: &'a Scene<'a>) -> impl Iterator<Item = Stalled<'a>> {
    let (policy, norm) = (scene.policy, scene.norm());
    let judged = norm.is_some() && scene.site.site.kind.has_wakers();
    let usual = norm.max(scene.usual_gap());
    let threshold = at_least(policy.io_floor, policy.io_gaps, usual);
    scene.crowds.iter().filter(move |_| judged).filter_map(move |crowd| {
        let parked = scene.now.since(crowd.oldest_parked);
        let only_io = crowd.class() == Some(WaitClass::Io)
            && crowd.io == crowd.parked
            && crowd.current == crowd.parked
            && crowd.timed == 0
            && crowd.timers.is_none();
        (only_io && parked > threshold).then_some(Stalled { scene, crowd, parked, threshold })
    })
}

/// Whether these tasks do an exchange that somebody else began: then their peer owes an answer.
fn works_for_somebody(scene: &Scene<'_>, crowd: &Crowd) -> bool {
    let wait = crowd.point.as_ref().map(|point| &point.wait);
    if matches!(wait, Some(Wait::TcpConnect | Wait::Dns)) {
        return true;
    }
    if pooling_crate(&scene.site.site.file).is_some() {
        return false;
    }
    let of_request = crowd.outlived.as_ref().is_some_and(|outlived| !outlived.ended_ago.is_empty())
        || crowd
            .examples
            .iter()
            .any(|id| scene.model.task(*id).is_some_and(|task| task.scope.is_some()));
    of_request || spawned_by_workers(scene)
}

/// Whether all live tasks of the site were spawned by tasks that are no entrance. What runs under
/// `block_on` may be one: where it waits is not seen.
fn spawned_by_workers(scene: &Scene<'_>) -> bool {
    let spawners = &scene.site.spawned_by;
    let known: u64 = spawners.iter().map(|by| by.live).sum();
    known > 0
        && known >= scene.site.live
        && spawners.iter().all(|by| {
            let site = by.site.and_then(|id| scene.model.site(id));
            site.is_some_and(|site| site.site.kind.has_wakers() && !is_entrance(scene, site))
        })
}

fn is_entrance(scene: &Scene<'_>, site: &SiteFacts) -> bool {
    let waits = |model: &Model| {
        let mut stacks = site.clusters.iter().flat_map(|cluster| &cluster.stacks);
        stacks.any(|id| {
            let wait = model.stack(*id).and_then(|stack| stack.wait.as_ref());
            wait.is_none_or(|wait| wait.class() == WaitClass::Entrance)
        })
    };
    let per_task = site.children / site.spawned.max(1);
    per_task >= scene.policy.entrance_children || waits(scene.model)
}

fn charge(scene: &Scene<'_>, stalled: &Stalled<'_>) -> Charge {
    let (crowd, parked) = (stalled.crowd, stalled.parked);
    let shown = parked > stalled.threshold.saturating_add(scene.policy.confirm);
    let who = match crowd.parked {
        1 => "A task has".to_owned(),
        n => format!("The first of {} tasks has", words::count(n)),
    };
    let gaps = &scene.site.park_times;
    let usual = match (gaps.quantile(0.5), gaps.quantile(0.99)) {
        (Some(median), Some(p99)) => format!(
            "waits at this site take {} (median; p99 {})",
            words::duration(median),
            words::duration(p99)
        ),
        _ => format!("whole lives here take {}", scene.usual_life().unwrap_or_default()),
    };
    Charge {
        // How long the others of the crowd have been parked is not known.
        affected: 1,
        lived: stalled.threshold,
        since: scene.now.back(parked.saturating_sub(stalled.threshold)),
        confirms: Confirms::by(shown, crowd.unresolved, scene.policy),
        examples: crowd.examples.iter().copied().take(1).collect(),
        evidence: vec![
            format!(
                "{who} waited {} for a peer with no timer armed; {usual}.",
                words::duration(parked)
            ),
            where_they_wait(crowd, 1, parked),
        ],
        counter_evidence: vec![
            "A peer that only speaks when it has news looks the same.".to_owned(),
        ],
        clears: "The peer answers, or they end.".to_owned(),
        ..Charge::of(&RULE.doc, scene, crowd)
    }
}
