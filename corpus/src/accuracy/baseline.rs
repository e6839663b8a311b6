//! Two simpler rules on the same run, judged by the same truth.

use std::time::Duration;

use serde_json::Value;

use super::ratio::Ratio;
use super::report::same;
use super::run::Observed;
use crate::harness::truth::Place;

/// How right a simpler rule is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Baseline {
    /// Leaking sites that it finds, of all.
    pub(super) recall: Ratio,
    /// Leaking sites, of all that it accuses; victims are left out.
    pub(super) precision: Ratio,
    /// Accused tasks that leak or wait for a leak, of all accused.
    pub(super) task_precision: Ratio,
}

/// The rule of tokio-console: no waker, neither running nor scheduled, at one instant.
pub(super) fn lost_waker(seen: &Observed) -> Baseline {
    measure(seen, |row| row["wakers"] == 0)
}

/// What people look for by hand: parked for longer than a minute.
pub(super) fn parked_long(seen: &Observed, limit: Duration) -> Baseline {
    measure(seen, |row| row["parked_s"].as_f64().is_some_and(|parked| parked > limit.as_secs_f64()))
}

fn measure(seen: &Observed, accuses: impl Fn(&Value) -> bool) -> Baseline {
    let accused: Vec<(u64, Place)> = seen
        .rows
        .iter()
        .filter(|row| row["state"] == "parked" && is_task(row) && accuses(row))
        .filter_map(|row| Some((row["tokio_id"].as_u64()?, site(row)?)))
        .collect();
    let mut places: Vec<&Place> = accused.iter().map(|(_, place)| place).collect();
    places.sort_unstable();
    places.dedup();
    let truth = &seen.truth;
    let leaking = truth.sites.iter().filter(|(_, site)| !site.leaks_ms.is_empty());
    let victims_only = |place: &Place| {
        truth.sites.iter().any(|(at, site)| same(at, place) && site.leaks_ms.is_empty())
    };
    let known = |task| truth.leaks.contains_key(task) || truth.victims.contains(task);
    Baseline {
        recall: leaking
            .clone()
            .map(|(place, _)| Ratio::once(places.iter().any(|at| same(at, place))))
            .sum(),
        precision: places
            .iter()
            .filter(|place| !victims_only(place))
            .map(|place| Ratio::once(leaking.clone().any(|(at, _)| same(at, place))))
            .sum(),
        task_precision: accused.iter().map(|(task, _)| Ratio::once(known(task))).sum(),
    }
}

/// tokio-console leaves out what has no waker of a task.
fn is_task(row: &Value) -> bool {
    matches!(row["site"]["kind"].as_str(), Some("task" | "local"))
}

fn site(row: &Value) -> Option<Place> {
    let file = row["site"]["file"].as_str()?.to_owned();
    Some(Place { file, line: u32::try_from(row["site"]["line"].as_u64()?).ok()? })
}
