//! The model: a snapshot and what changed since is everything there is.

use proptest::prelude::*;
use stranded_analysis::Model;
use stranded_analysis::facts::{
    BootId, EndedTask, Ending, Gauges, Moment, SiteFacts, SiteId, TargetInfo, TaskFacts, TaskId,
    TaskState, Update, Window,
};
use stranded_analysis::model::{Applied, ROWS_BEYOND_WINDOW};

use crate::load::Scenario;

const BOOT: BootId = BootId(7);

fn target() -> TargetInfo {
    Scenario::named("healthy/idle_pool").updates[0].target.clone().unwrap()
}

fn site(id: u32, spawned: u64) -> SiteFacts {
    let mut site = Scenario::named("healthy/idle_pool").updates[0].sites[0].clone();
    site.id = SiteId(id);
    site.spawned = spawned;
    site
}

fn task(id: u64, polls: u64) -> TaskFacts {
    TaskFacts {
        id: TaskId(id),
        tokio_id: None,
        site: SiteId(0),
        name: None,
        state: TaskState::Parked,
        spawned: Moment(0),
        spawner: None,
        spawner_site: None,
        spawner_alive: None,
        polls,
        last_poll: None,
        parked_since: None,
        busy: std::time::Duration::ZERO,
        scheduled: std::time::Duration::ZERO,
        wakers: None,
        unaccounted: false,
        last_wake: None,
        registrations: Vec::new(),
        future_bytes: None,
        original_bytes: None,
        scope: None,
        stranded_since: None,
        own: false,
    }
}

fn update(seq: u64) -> Update {
    let mut update = Update::empty(BOOT, seq, Moment(seq * 1_000));
    update.gauges = Some(Gauges { tracked: seq, ..Gauges::default() });
    if seq == 1 {
        update.target = Some(target());
    }
    update
}

/// What a model holds, as something to compare.
fn facts(
    model: &Model,
) -> (Vec<SiteFacts>, Vec<TaskFacts>, Window, Option<Gauges>, Moment, Option<Moment>) {
    (
        model.sites().cloned().collect(),
        model.tasks().cloned().collect(),
        model.window().clone(),
        model.gauges().cloned(),
        model.at(),
        model.census(),
    )
}

/// A change of the target: some sites, tasks and endings.
#[derive(Clone, Debug)]
struct Change {
    sites: Vec<(u32, u64)>,
    tasks: Vec<(u64, u64)>,
    ended: Vec<u64>,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (
        prop::collection::vec((0u32..6, 0u64..100), 0..4),
        prop::collection::vec((0u64..12, 0u64..100), 0..4),
        prop::collection::vec(0u64..12, 0..2),
    )
        .prop_map(|(sites, tasks, ended)| Change { sites, tasks, ended });
    prop::collection::vec(change, 1..12)
}

fn updates(changes: &[Change]) -> Vec<Update> {
    changes
        .iter()
        .zip(1..)
        .map(|(change, seq)| {
            let mut update = update(seq);
            update.sites = change.sites.iter().map(|&(id, spawned)| site(id, spawned)).collect();
            update.tasks = change.tasks.iter().map(|&(id, polls)| task(id, polls)).collect();
            let at = update.at;
            update.ended = change
                .ended
                .iter()
                .map(|&id| EndedTask { id: TaskId(id), ending: Ending::Returned, at })
                .collect();
            update
        })
        .collect()
}

fn applied(updates: &[Update]) -> Model {
    let mut model = Model::default();
    for update in updates {
        model.apply(update.clone());
    }
    model
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_snapshot_and_the_changes_since_are_everything(changes in changes()) {
        let updates = updates(&changes);
        let model = applied(&updates);
        // The same facts, as a viewer gets them that attaches now.
        let mut snapshot = update(1);
        let last = updates.last().unwrap();
        (snapshot.at, snapshot.gauges) = (last.at, last.gauges.clone());
        for update in &updates {
            for site in &update.sites {
                snapshot.sites.retain(|known| known.id != site.id);
                snapshot.sites.push(site.clone());
            }
            for task in &update.tasks {
                snapshot.tasks.retain(|known| known.id != task.id);
                snapshot.tasks.push(task.clone());
            }
            for ended in &update.ended {
                snapshot.tasks.retain(|known| known.id != ended.id);
            }
        }
        prop_assert_eq!(facts(&model), facts(&applied(&[snapshot])));
    }

    #[test]
    fn an_update_that_comes_again_changes_nothing(changes in changes(), again in any::<prop::sample::Index>()) {
        let updates = updates(&changes);
        let mut model = applied(&updates);
        let before = facts(&model);
        let again = again.get(&updates).clone();
        prop_assert_eq!(model.apply(again), Applied::Stale);
        prop_assert_eq!((facts(&model), model.lost()), (before, 0));
    }

    #[test]
    fn lost_updates_are_counted(changes in changes(), kept in prop::collection::vec(any::<bool>(), 12)) {
        let updates = updates(&changes);
        let kept: Vec<Update> = updates.iter().zip(kept).filter(|(update, kept)| update.seq == 1 || *kept).map(|(update, _)| update.clone()).collect();
        let mut model = Model::default();
        let mut missing = 0;
        let mut last = 0;
        for update in &kept {
            let expected = update.seq - last - 1;
            last = update.seq;
            match model.apply(update.clone()) {
                Applied::Gap { missing: n } => { prop_assert_eq!(n, expected); missing += n; }
                other => { prop_assert_eq!(other, Applied::Continued); prop_assert_eq!(expected, 0); }
            }
        }
        prop_assert_eq!(model.lost(), missing);
    }

    #[test]
    fn a_census_in_parts_is_the_census(changes in changes()) {
        let whole = updates(&changes);
        let mut parts = Vec::new();
        for update in &whole {
            let mut first = update.clone();
            first.complete = false;
            let mut rest = first.clone();
            rest.complete = true;
            (rest.sites, rest.target) = (Vec::new(), None);
            (first.tasks, first.ended) = (Vec::new(), Vec::new());
            parts.extend([first, rest]);
        }
        for (part, seq) in parts.iter_mut().zip(1..) {
            part.seq = seq;
        }
        prop_assert_eq!(facts(&applied(&parts)), facts(&applied(&whole)));
    }
}

#[test]
fn another_boot_drops_everything_older() {
    let mut model = applied(&[{
        let mut first = update(1);
        first.sites = vec![site(0, 1)];
        first.tasks = vec![task(1, 1)];
        first
    }]);
    let mut other = Update::empty(BootId(8), 1, Moment(5));
    other.sites = vec![site(3, 1)];
    assert_eq!(model.apply(other), Applied::NewBoot);
    assert_eq!(model.sites().map(|site| site.id).collect::<Vec<_>>(), [SiteId(3)]);
    assert!(model.task(TaskId(1)).is_none() && model.gauges().is_none());
    assert_eq!((model.at(), model.lost()), (Moment(5), 0));
}

#[test]
fn a_reconnecting_viewer_gets_a_new_stream_of_the_same_boot() {
    let mut model = applied(&[
        {
            let mut first = update(1);
            first.sites = vec![site(0, 1), site(1, 1)];
            first
        },
        update(2),
        update(9),
    ]);
    assert_eq!(model.lost(), 6);
    // Everything again, in two parts; site 1 is gone meanwhile.
    let mut first = update(1);
    (first.at, first.complete, first.sites) = (Moment(20_000), false, vec![site(0, 2)]);
    let mut second = update(2);
    (second.at, second.sites) = (Moment(20_000), vec![site(2, 1)]);
    assert_eq!(model.apply(first), Applied::Continued);
    assert!(model.site(SiteId(1)).is_some(), "the old facts stay until the new census is whole");
    assert_eq!(model.apply(second), Applied::Continued);
    assert_eq!(
        model.sites().map(|site| (site.id.0, site.spawned)).collect::<Vec<_>>(),
        [(0, 2), (2, 1)]
    );
    assert_eq!(model.lost(), 0);
}

#[test]
fn a_new_stream_with_a_hole_in_it_drops_nothing() {
    let mut model = applied(&[{
        let mut first = update(1);
        first.sites = vec![site(0, 1), site(1, 1)];
        first
    }]);
    let mut first = update(1);
    (first.at, first.complete, first.sites) = (Moment(20_000), false, vec![site(0, 2)]);
    let mut third = update(3);
    third.at = Moment(20_000);
    model.apply(first);
    assert_eq!(model.apply(third), Applied::Gap { missing: 1 });
    assert!(model.site(SiteId(1)).is_some(), "it may have been in the part that was lost");
}

#[test]
fn the_first_update_of_an_older_census_is_no_new_stream() {
    let mut model = applied(&[update(1), update(2)]);
    let mut old = update(1);
    old.sites = vec![site(0, 1)];
    assert_eq!(model.apply(old), Applied::Stale);
    assert_eq!(model.sites().count(), 0);
}

#[test]
fn an_incomplete_first_census_is_not_judged() {
    let mut part = update(1);
    part.complete = false;
    let mut model = applied(&[part]);
    assert_eq!(model.census(), None);
    model.apply(update(2));
    assert_eq!(model.census(), Some(Moment(2_000)));
}

#[test]
fn rows_beyond_the_window_are_bounded_and_the_window_is_kept() {
    let mut first = update(1);
    first.tasks = (0..100).map(|id| task(id, 1)).collect();
    first.window =
        Some(Window { rows: (0..100).map(TaskId).collect(), matched: 100, query_error: None });
    let mut model = applied(&[first]);
    for seq in 2..8 {
        let mut more = update(seq);
        more.tasks = (0..1000).map(|id| task(seq * 10_000 + id, 1)).collect();
        model.apply(more);
    }
    assert_eq!(model.tasks().count(), 100 + ROWS_BEYOND_WINDOW);
    assert!((0..100).all(|id| model.task(TaskId(id)).is_some()));
    assert!(model.task(TaskId(70_999)).is_some(), "the latest rows are kept");
}
