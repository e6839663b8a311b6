//! H8: tasks that somebody waits for.

use super::{HealthDoc, HealthFact, Test};
use crate::facts::{Cap, Cluster, SiteFacts, Wait};
use crate::model::Model;
use crate::scene::Scene;
use crate::words;

pub(super) const FACT: HealthFact = HealthFact {
    doc: HealthDoc {
        id: "H8",
        title: "owned",
        test: "All live tasks of the site were spawned by tasks that are alive, and tasks of the spawning sites wait in a JoinSet or a TaskTracker, or in as many JoinHandles as there are children.",
        needs: &[Cap::Spawners, Cap::ParkStacks],
        silences: &["L3", "L10"],
        limits: "Which task waits for which is not known: the spawning site as a whole is looked at.",
    },
    test: Test::OfSite(test),
    void_by_trend: false,
};

fn test(scene: &Scene<'_>) -> Option<String> {
    let spawners = &scene.site.spawned_by;
    let known: u64 = spawners.iter().map(|by| by.live).sum();
    if known == 0 || known < scene.site.live {
        return None;
    }
    let mut owner = None;
    for by in spawners.iter().filter(|by| by.live > 0) {
        let site = scene.model.site(by.site?)?;
        if by.orphans > 0 || joined(site, scene.model) < by.live {
            return None;
        }
        owner = owner.or(Some(site));
    }
    Some(format!(
        "Owned: the tasks of {} that spawned them wait for them to end.",
        words::site(&owner?.site)
    ))
}

/// For how many tasks those of `site` can be waiting at most.
fn joined(site: &SiteFacts, model: &Model) -> u64 {
    let of_cluster = |cluster: &Cluster| {
        let waits = cluster.stacks.iter().filter_map(|id| model.stack(*id)?.wait.as_ref());
        waits
            .map(|wait| match wait {
                // A handle is of one task, a set of any number.
                Wait::JoinHandle => cluster.current,
                Wait::JoinSet | Wait::TaskTracker => u64::MAX,
                _ => 0,
            })
            .max()
    };
    site.clusters.iter().filter_map(of_cluster).fold(0, u64::saturating_add)
}
