//! H4: tasks that somebody still wakes as often as ever.

use std::time::Duration;

use super::{HealthDoc, HealthFact, Test};
use crate::facts::Cap;
use crate::park::Crowd;
use crate::scene::{Scene, times};
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H4",
        title: "responsive",
        test: "The tasks were polled at least ten times, none of them has been parked for more than ten times its usual gap, and other tasks woke them last, the latest of a site that still has live tasks.",
        needs: &[Cap::WokenBy],
        silences: &["L1", "L5"],
        limits: "For one task the usual gap is its mean, for several the median over the whole site. Of their wakers only the latest is known.",
    },
    test: Test::OfCrowd(test),
    void_by_trend: false,
};

fn test(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    if crowd.woken_by_task != crowd.parked {
        return None;
    }
    let (parked, gap) = woken_as_usual(scene, crowd)?;
    let waker = crowd.last_waker.and_then(|waker| scene.model.site(waker.site?));
    if waker.is_some_and(|site| site.live == 0) {
        return None;
    }
    Some(format!(
        "Responsive: another task woke {} {} ago, and every {} on average before.",
        words::agree(crowd.parked, "it", "each of them"),
        words::duration(parked),
        words::duration(gap)
    ))
}

/// How long the tasks have been parked at most, and their usual gap, if that is no unusual silence. All of them
/// have been polled since the one that has been parked longest was.
pub(super) fn woken_as_usual(scene: &Scene<'_>, crowd: &Crowd) -> Option<(Duration, Duration)> {
    let polls = crowd.polls.0;
    if polls < scene.policy.responsive_polls {
        return None;
    }
    // The silence in question is no part of what is usual.
    let gap = match crowd.parked {
        1 => crowd.oldest_parked.since(crowd.oldest_spawned).div_f64(polls as f64),
        _ => scene.site.park_times.quantile(0.5)?,
    };
    let parked = scene.now.since(crowd.oldest_parked);
    (parked <= times(gap, scene.policy.responsive_gaps)).then_some((parked, gap))
}
