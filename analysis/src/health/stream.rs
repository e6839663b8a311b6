//! H10: tasks that are woken as often as ever, however old they are.

use super::{HealthDoc, HealthFact, Test, responsive};
use crate::facts::Cap;
use crate::park::Crowd;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H10",
        title: "stream",
        test: "The tasks were polled at least ten times, and none of them has been parked for more than ten times its usual gap.",
        needs: &[Cap::WokenBy],
        silences: &["L1"],
        limits: "For several tasks the usual gap is the median over the whole site.",
    },
    test: Test::OfCrowd(test),
    void_by_trend: true,
};

fn test(scene: &Scene<'_>, crowd: &Crowd) -> Option<String> {
    let (parked, gap) = responsive::woken_as_usual(scene, crowd)?;
    Some(format!(
        "A stream: {} woken as ever, the longest silence is {} and the usual one {}.",
        words::agree(
            crowd.parked,
            "1 task is",
            &format!("{} tasks are", words::count(crowd.parked))
        ),
        words::duration(parked),
        words::duration(gap)
    ))
}
