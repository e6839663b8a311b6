//! H7: tasks that a timer will wake.

use std::time::Duration;

use super::{HealthDoc, HealthFact, Test};
use crate::facts::{Cap, Timers};
use crate::park::Crowd;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H7",
        title: "armed timer",
        test: "At least half of the tasks have a timer of their own that is due within 24 h. Where timers are not tracked: a stack of at least half of them names a timer, and none has been parked for more than 24 h.",
        needs: &[Cap::ParkStacks],
        silences: &["L1", "L2", "L3", "L5", "L6", "L7", "L8", "L9", "W1"],
        limits: "Against L3 it counts only where all of the tasks have a timer that is known to be due within 10 min.",
    },
    test: Test::OfCrowd(test),
    void_by_trend: false,
};

fn test(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    let enough =
        |tasks: u64| tasks > 0 && tasks as f64 >= scene.policy.stack_share * crowd.parked as f64;
    if let Some(timers) = crowd.timers.filter(|timers| enough(timers.tasks)) {
        return armed(scene, timers, scene.policy.timer_trusted);
    }
    let parked = scene.now.since(crowd.oldest_parked);
    if !enough(crowd.timed) || parked > scene.policy.timer_trusted {
        return None;
    }
    Some(format!(
        "A timer will wake {}; when is not known.",
        if crowd.timed == 1 {
            "it".to_owned()
        } else {
            format!("{} of them", words::count(crowd.timed))
        }
    ))
}

/// Every one of the tasks has a timer, and is woken by it soon.
pub(super) fn due_soon(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    let timers = crowd.timers.filter(|timers| timers.tasks >= crowd.parked)?;
    armed(scene, timers, scene.policy.timer_soon)
}

fn armed(scene: &Scene<'_>, timers: Timers, within: Duration) -> Option<String> {
    let eta = timers.latest.since(scene.now);
    (eta <= within).then(|| match timers.tasks {
        1 => format!("A timer wakes it in {}.", words::duration(eta)),
        n => {
            format!(
                "Timers wake {} of them, the last in {}.",
                words::count(n),
                words::duration(eta)
            )
        }
    })
}
