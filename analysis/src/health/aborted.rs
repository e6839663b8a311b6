//! H9: a site whose tasks usually end by an abort.

use super::{HealthDoc, HealthFact, Test};
use crate::facts::Cap;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H9",
        title: "ends by abort",
        test: "At least three tasks of the site ended by an abort, and no fewer than returned.",
        needs: &[Cap::Endings],
        silences: &["P1", "L3"],
        limits: "Where the aborted tasks were parked is not known, so those of the whole site count, and only where aborts are the rule. P1 is not silenced but becomes W2.",
    },
    test: Test::OfSite(test),
    void_by_trend: false,
};

fn test(scene: &Scene<'_>) -> Option<String> {
    let site = scene.site;
    if site.cancelled < scene.policy.aborted_minimum || site.cancelled < site.returned {
        return None;
    }
    Some(format!(
        "Ends by abort: {} of this site {} aborted before, and {} returned.",
        words::counted(site.cancelled, "task"),
        words::agree(site.cancelled, "was", "were"),
        words::count(site.returned)
    ))
}
