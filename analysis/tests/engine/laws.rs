//! The laws of the judge, over every scenario and arbitrary disturbances of it.

use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use stranded_analysis::facts::{Cap, Caps, StackCapture, Update};
use stranded_analysis::histogram::LogHistogram;
use stranded_analysis::report::Class;
use stranded_analysis::{Model, Policy, Report, judge};

use crate::load::{Scenario, directory};
use crate::scenarios::play;

/// Every scenario, by the name of its file.
static ALL: LazyLock<Vec<(String, Scenario)>> = LazyLock::new(|| {
    let files = ["leaks", "healthy", "withheld"].into_iter().flat_map(|folder| {
        std::fs::read_dir(directory().join(folder)).unwrap().map(|entry| entry.unwrap().path())
    });
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    files.iter().map(|file| (file.display().to_string(), Scenario::read(file))).collect()
});

fn scenarios() -> impl Strategy<Value = (String, Scenario)> {
    (0..ALL.len()).prop_map(|at| ALL[at].clone())
}

/// The surest class among the findings at a place, confirmed or not; `None`: not accused.
fn surest(report: &Report, file: &str, line: u32) -> Option<Class> {
    let here =
        report.findings.iter().filter(|found| (&*found.site.file, found.site.line) == (file, line));
    here.map(|found| found.class).min()
}

/// Whether `later` accuses no less than `earlier`.
fn no_weaker(earlier: Option<Class>, later: Option<Class>) -> bool {
    match (earlier, later) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(earlier), Some(later)) => later <= earlier,
    }
}

/// Moves elements about, as told by pairs of places.
fn shuffle<T>(list: &mut [T], swaps: &[(Index, Index)]) {
    if !list.is_empty() {
        for (a, b) in swaps {
            list.swap(a.index(list.len()), b.index(list.len()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_a_source_tells_things_means_nothing(
        (name, scenario) in scenarios(),
        swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 12),
    ) {
        let (_, before) = play(&scenario);
        let mut shuffled = scenario.clone();
        for update in &mut shuffled.updates {
            shuffle(&mut update.sites, &swaps);
            shuffle(&mut update.stacks, &swaps);
            shuffle(&mut update.resources, &swaps);
            shuffle(&mut update.waiting, &swaps);
            for site in &mut update.sites {
                shuffle(&mut site.clusters, &swaps);
                shuffle(&mut site.spawned_by, &swaps);
                site.clusters.iter_mut().for_each(|cluster| shuffle(&mut cluster.stacks, &swaps));
                site.clusters.iter_mut().for_each(|cluster| shuffle(&mut cluster.waits, &swaps));
            }
        }
        let (_, after) = play(&shuffled);
        prop_assert_eq!(before.to_text(), after.to_text(), "{}", name);
    }

    #[test]
    fn a_census_in_parts_says_what_it_says_as_a_whole(
        (name, scenario) in scenarios(),
        cut in any::<Index>(),
    ) {
        let policy = Policy::default();
        let (_, whole) = play(&scenario);
        let mut model = Model::default();
        let mut seq = 0;
        let mut apply = |model: &mut Model, mut update: Update| {
            seq += 1;
            update.seq = seq;
            let complete = update.complete;
            model.apply(update);
            if complete {
                model.review(model.at(), &policy);
            }
        };
        for update in &scenario.updates {
            let mut second = update.clone();
            let at = cut.index(update.sites.len() + 1);
            let mut first = Update::empty(update.boot, 0, update.at);
            first.complete = false;
            first.target = second.target.take();
            first.sites = second.sites.drain(..at).collect();
            first.stacks = std::mem::take(&mut second.stacks);
            apply(&mut model, first);
            apply(&mut model, second);
        }
        let parts = judge(&model, model.at(), &policy);
        prop_assert_eq!(whole.to_text(), parts.to_text(), "{}", name);
    }
}

/// Twice as many tasks in the same straits are no less of a leak.
#[test]
fn more_of_the_same_is_never_less_of_an_accusation() {
    for (name, scenario) in ALL.iter() {
        let (_, before) = play(scenario);
        let mut more = scenario.clone();
        for update in &mut more.updates {
            for site in &mut update.sites {
                let again: u64 = site.clusters.iter().map(|cluster| cluster.parked).sum();
                let clusters = site.clusters.clone();
                site.clusters.extend(clusters);
                (site.live, site.max_live) = (site.live + again, site.max_live + again);
                site.spawned += again;
                for by in &mut site.spawned_by {
                    (by.live, by.orphans) = (by.live * 2, by.orphans * 2);
                }
            }
            if let Some(gauges) = &mut update.gauges {
                gauges.open_sockets = gauges.open_sockets.map(|open| open * 2);
                let all = update.sites.iter().filter(|site| !site.own).map(|site| site.live).sum();
                let unseen = gauges.alive.unwrap_or(gauges.tracked) - gauges.tracked;
                (gauges.tracked, gauges.countable, gauges.alive) =
                    (all, Some(all), Some(all + unseen));
            }
        }
        let (_, after) = play(&more);
        for found in &before.findings {
            let (file, line) = (&*found.site.file, found.site.line);
            let (was, is) = (surest(&before, file, line), surest(&after, file, line));
            assert!(no_weaker(was, is), "{name} {file}:{line} {was:?} {is:?}\n{}", after.to_text());
        }
    }
}

/// What a source does not tell accuses nobody: without it the findings are at most as sure as with it.
#[test]
fn missing_facts_make_no_verdict_surer() {
    for ((name, scenario), missing) in
        ALL.iter().flat_map(|case| STRIPPED.iter().map(move |cap| (case, *cap)))
    {
        let (_, before) = play(scenario);
        let mut poorer = scenario.clone();
        poorer.updates.iter_mut().for_each(|update| strip(update, missing));
        let (_, after) = play(&poorer);
        for found in after.findings.iter().filter(|found| found.class != Class::Watch) {
            // P1 is proven with or without the history of aborts that makes it W2.
            if found.rule.0 == "P1" && missing == Cap::Endings {
                continue;
            }
            let (file, line) = (&*found.site.file, found.site.line);
            let (was, is) = (surest(&before, file, line), surest(&after, file, line));
            assert!(no_weaker(is, was), "{name} {file}:{line} {was:?} {is:?}\n{}", after.to_text());
        }
    }
}

/// The facts that can be missing, with what is told of them.
const STRIPPED: [Cap; 8] = [
    Cap::Wakers,
    Cap::ParkStacks,
    Cap::Spawners,
    Cap::WokenBy,
    Cap::Scopes,
    Cap::Endings,
    Cap::Cancellations,
    Cap::SpawnStacks,
];

/// `update` as a source sends it that cannot tell `missing`.
fn strip(update: &mut Update, missing: Cap) {
    if let Some(target) = &mut update.target {
        target.caps = target.caps.iter().filter(|cap| *cap != missing).collect::<Caps>();
        if missing == Cap::ParkStacks {
            target.stacks = StackCapture::Off;
        }
    }
    for site in &mut update.sites {
        match missing {
            Cap::Spawners => site.spawned_by.clear(),
            Cap::SpawnStacks => site.spawn_stacks.clear(),
            Cap::WokenBy => site.park_times = LogHistogram::default(),
            _ => {}
        }
        for cluster in &mut site.clusters {
            match missing {
                Cap::Wakers => {
                    (cluster.zero_wakers, cluster.zero_wakers_settled) = (0, 0);
                    cluster.zero_wakers_since = None;
                    cluster.unaccounted = 0;
                }
                Cap::ParkStacks => cluster.stacks.clear(),
                Cap::WokenBy => {
                    (cluster.woken_by_driver, cluster.woken_by_task, cluster.never_woken) =
                        (0, 0, 0);
                    (cluster.waker_gone, cluster.last_waker) = (0, None);
                    cluster.waker_gone_since = None;
                }
                Cap::Scopes => cluster.outlived = None,
                Cap::Cancellations => cluster.cancelled = None,
                _ => {}
            }
        }
    }
}
