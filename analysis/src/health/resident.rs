//! H1: tasks that were there from the start.

use super::{HealthDoc, HealthFact, Test};
use crate::facts::Moment;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H1",
        title: "resident",
        test: "Every task of the site was spawned within 30 s of the agent's start, and the site never had more tasks alive than now.",
        needs: &[],
        silences: &["L1", "L2", "L3", "L5", "L9", "L12", "W1"],
        limits: "The first request is not known, so only the agent's start counts.",
    },
    test: Test::OfSite(test),
    void_by_trend: true,
};

fn test(scene: &Scene<'_>) -> Option<String> {
    let site = scene.site;
    let grace = Moment(0).forward(scene.policy.resident_grace);
    // Before the grace is over everything is from the start.
    if scene.now <= grace || site.last_spawn > grace || site.live < site.max_live {
        return None;
    }
    Some(format!(
        "Resident: {} since the agent's start, and never more.",
        words::counted(site.live, "task")
    ))
}
