//! The laws of wake reachability, on small random wait graphs: it is what its definition says, the order of the facts
//! does not matter, and less knowledge never proves more.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod definition;
mod world;

use std::collections::BTreeSet;

use proptest::prelude::*;
use stranded_analysis::facts::{Cap, Caps, TaskId, TaskState};
use stranded_analysis::reach::{Cause, Reach, Through};
use stranded_analysis::{Model, Policy};

use world::{World, world};

fn reach(world: &World) -> Reach {
    Reach::of(&model(world), &Policy::default())
}

fn model(world: &World) -> Model {
    let mut model = Model::default();
    model.apply(world.update());
    model
}

fn stranded(reach: &Reach) -> BTreeSet<TaskId> {
    reach.stranded().map(|(id, _)| id).collect()
}

fn proven(reach: &Reach) -> BTreeSet<TaskId> {
    reach.stranded().filter(|(_, stranded)| stranded.proven).map(|(id, _)| id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_stranded_is_what_the_definition_says(world in world()) {
        let found = reach(&world);
        prop_assert_eq!(stranded(&found), definition::stranded(&world, false), "likely");
        prop_assert_eq!(proven(&found), definition::stranded(&world, true), "proven");
    }

    #[test]
    fn the_order_of_the_facts_does_not_matter(world in world(), seed in any::<u64>()) {
        prop_assert_eq!(reach(&world), reach(&world.shuffled(seed)));
    }

    #[test]
    fn less_knowledge_never_proves_more(world in world(), loss in world::loss()) {
        let (before, after) = (reach(&world), reach(&world.without(&loss)));
        prop_assert!(stranded(&after).is_subset(&stranded(&before)), "{loss:?}");
        prop_assert!(proven(&after).is_subset(&proven(&before)), "{loss:?}");
    }

    #[test]
    fn every_cause_is_a_stranded_task_and_every_knot_closes(world in world()) {
        let found = reach(&world);
        for (id, stranded) in found.stranded() {
            match stranded.cause {
                Cause::NoWaker => prop_assert_eq!(world.task(id).wakers, Some(0)),
                Cause::Behind { root, through } => {
                    let cause = found.get(root).unwrap();
                    prop_assert!(!matches!(cause.cause, Cause::Behind { .. }), "a cause is no victim");
                    prop_assert!(!stranded.proven || cause.proven, "a victim is no surer than its cause");
                    let waits = &world.task(id).waits;
                    let waits_so = match through {
                        Through::Resource(id) => waits.iter().any(|wait| wait.resource == id),
                        Through::Join => world.task(id).only_child.is_some(),
                    };
                    prop_assert!(waits_so);
                }
                Cause::Knot(index) => {
                    let knot = found.knot(index).unwrap();
                    prop_assert!(knot.tasks.contains(&id) && !knot.way.is_empty());
                    prop_assert_eq!(knot.way[0].task, knot.tasks[0]);
                    prop_assert!(knot.way.iter().all(|step| knot.tasks.contains(&step.task)));
                }
            }
        }
        let victims = found.stranded().filter(|(_, s)| matches!(s.cause, Cause::Behind { .. }));
        let behind: u64 = found.stranded().map(|(id, _)| found.behind(id)).sum();
        prop_assert_eq!(victims.count() as u64, behind, "each victim counts once");
    }

    #[test]
    fn without_the_facts_nothing_is_stranded(world in world(), missing in 0..3) {
        let mut update = world.update();
        let mut model = Model::default();
        match missing {
            0 => update.target.as_mut().unwrap().caps = without_graph(),
            1 => update.complete = false,
            // Updates before this one were lost.
            _ => update.seq = 4,
        }
        model.apply(update);
        prop_assert_eq!(Reach::of(&model, &Policy::default()), Reach::default());
    }

    #[test]
    fn tasks_that_run_are_never_stranded(world in world()) {
        let mut awake = world.clone();
        awake.tasks.iter_mut().for_each(|task| task.state = TaskState::Running);
        prop_assert_eq!(reach(&awake), Reach::default());
    }
}

fn without_graph() -> Caps {
    Cap::ALL.into_iter().filter(|cap| !matches!(cap, Cap::Resources | Cap::Handles)).collect()
}

/// The random worlds are of use only if many of them hold something to find.
#[test]
fn the_worlds_are_neither_all_stranded_nor_all_live() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut knots, mut victims, mut proofs, mut live) = (0, 0, 0, 0);
    for _ in 0..2_000 {
        let world = world().new_tree(&mut runner).unwrap().current();
        let found = reach(&world);
        knots += usize::from(found.knot(0).is_some());
        victims += usize::from(
            found.stranded().any(|(_, stranded)| matches!(stranded.cause, Cause::Behind { .. })),
        );
        proofs += usize::from(!proven(&found).is_empty());
        live += usize::from(found.stranded().count() < world.tasks.len());
    }
    for (what, n) in [("knots", knots), ("victims", victims), ("proofs", proofs), ("live", live)] {
        assert!(n > 100, "{what}: {n} of 2000");
    }
}
