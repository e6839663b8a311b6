//! H3: tasks that a timer of their own wakes again and again.

use super::{HealthDoc, HealthFact, Test, constant};
use crate::facts::{Cap, WaitClass};
use crate::park::Crowd;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H3",
        title: "ticker",
        test: "The tasks wait for a timer, were woken by a timer before, each at least three times, and their number is constant.",
        needs: &[Cap::ParkStacks, Cap::WokenBy],
        silences: &["L1", "L5", "L9", "W1"],
        limits: "The gaps between wakes are not known, so their regularity is not tested.",
    },
    test: Test::OfCrowd(test),
    void_by_trend: false,
};

fn test(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    let ticks = crowd.class() == Some(WaitClass::Timer)
        && crowd.polls.0 > 3
        && crowd.woken_by_driver == crowd.parked;
    if !ticks || !constant::is_constant(scene) {
        return None;
    }
    let last = crowd.last_wake.map_or_else(String::new, |at| {
        format!(", the latest wake {} ago", words::duration(scene.now.since(at)))
    });
    Some(format!(
        "A ticker: {} woken by a timer again and again{last}.",
        words::counted(crowd.parked, "task")
    ))
}
