//! H7: tasks that a timer will wake.

use super::{HealthDoc, HealthFact, Test};
use crate::park::Crowd;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H7",
        title: "armed timer",
        test: "A stack of at least half of the tasks names a timer, and none has been parked for more than 24 h.",
        silences: &["L1", "L2", "L5", "L6", "L7", "L8", "L9", "W1"],
        limits: "When the timer is due is not known, so it is trusted for 24 h and never speaks against L3.",
    },
    test: Test::OfCrowd(test),
    void_by_trend: false,
};

fn test(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    let armed =
        crowd.timed > 0 && crowd.timed as f64 >= scene.policy.stack_share * crowd.parked as f64;
    if !armed || scene.now.since(crowd.oldest_parked) > scene.policy.timer_trusted {
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
