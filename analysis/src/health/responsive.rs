//! H4: a task that somebody still wakes as often as ever.

use super::{HealthDoc, HealthFact, Test};
use crate::park::Crowd;
use crate::scene::{Scene, times};
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H4",
        title: "responsive",
        test: "The task was polled at least ten times, and another task woke it within ten times its mean gap.",
        silences: &["L1", "L5"],
        limits: "Only the latest wake of a whole crowd is known, so it speaks for a crowd of one task only; and the mean gap stands for the median.",
    },
    test: Test::OfCrowd(test),
    void_by_trend: false,
};

fn test(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    let polls = crowd.polls.0;
    if crowd.parked != 1 || crowd.woken_by_task != 1 || polls < scene.policy.responsive_polls {
        return None;
    }
    let last = scene.now.since(crowd.last_wake?);
    let gap = scene.now.since(crowd.oldest_spawned).div_f64(polls as f64);
    if last > times(gap, scene.policy.responsive_gaps) {
        return None;
    }
    Some(format!(
        "Responsive: another task woke it {} ago, and every {} on average before.",
        words::duration(last),
        words::duration(gap)
    ))
}
