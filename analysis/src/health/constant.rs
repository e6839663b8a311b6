//! H2: a pool of constant size in a busy process.

use super::{HealthDoc, HealthFact, Test};
use crate::facts::Cap;
use crate::history;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H2",
        title: "constant pool",
        test: "For 10 min the number of live tasks stayed within 10 % (or one task), while 100 other tasks were spawned.",
        needs: &[Cap::Norms],
        silences: &["L1", "L2", "L5", "W1"],
        limits: "Read from minima of minutes, so that a short peak between two censuses goes unseen.",
    },
    test: Test::OfSite(test),
    void_by_trend: true,
};

fn test(scene: &Scene<'_>) -> Option<String> {
    let others = scene.spawned_everywhere.saturating_sub(spawned_here(scene));
    if others < scene.policy.constant_others || !is_constant(scene) {
        return None;
    }
    Some(format!(
        "A constant pool: {} for {}, while {} were spawned elsewhere.",
        words::counted(scene.site.live, "task"),
        words::duration(scene.policy.constant_for),
        words::counted(others, "task")
    ))
}

fn spawned_here(scene: &Scene<'_>) -> u64 {
    history::spawned_between(scene.site, scene.now.back(scene.policy.constant_for), scene.now)
}

/// Whether the live tasks have been constant for as long as the policy asks.
pub(super) fn is_constant(scene: &Scene<'_>) -> bool {
    let policy = scene.policy;
    let from = scene.now.back(policy.constant_for);
    if scene.site.first_spawn > from {
        return false;
    }
    // The run starts with a whole bin and ends before the one that is filling.
    let width = history::finest(scene.site, from, scene.now).width;
    let run = history::finest(scene.site, from.back(width), scene.now);
    let Some((least, most)) = run.range() else {
        return false;
    };
    let (least, most) = (least.min(scene.site.live), most.max(scene.site.live));
    let allowed = (policy.constant_share * most as f64).max(1.0);
    run.span() + width * 2 > policy.constant_for && (most - least) as f64 <= allowed
}
