//! H5: the entrances of a service.

use super::{HealthDoc, HealthFact, Test};
use crate::facts::Cap;
use crate::park::Crowd;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H5",
        title: "entrance",
        test: "The tasks wait for a new connection or a signal, or each of them has spawned ten others on average.",
        needs: &[Cap::ParkStacks],
        silences: &["L1", "L2", "L5", "L9", "W1"],
        limits: "Children are counted by site, not by task.",
    },
    test: Test::OfCrowd(test),
    void_by_trend: false,
};

fn test(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    if crowd.parked > 0 && crowd.entrances == crowd.parked {
        let wait =
            crowd.point.as_ref().map_or_else(String::new, |point| format!(" ({})", point.wait));
        return Some(format!(
            "An entrance: {} for a connection or a signal{wait}.",
            waits(crowd.parked)
        ));
    }
    let site = scene.site;
    if site.spawned > 0 && site.children / site.spawned >= scene.policy.entrance_children {
        return Some(format!(
            "An entrance: {} of this site spawned {} others.",
            words::counted(site.spawned, "task"),
            words::count(site.children)
        ));
    }
    None
}

fn waits(tasks: u64) -> String {
    format!("{} {}", words::counted(tasks, "task"), words::agree(tasks, "waits", "wait"))
}
