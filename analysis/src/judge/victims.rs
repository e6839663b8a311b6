//! Victims of what is only likely: tasks that a statistical rule accuses, and that wait for others that are accused.
//!
//! A symptom such as survivors shows at a cause and at all that wait for it. Where the wait graph says that the tasks
//! of a charge can only go on once others that are accused do, they are no second leak: the charge becomes one of P3.

use std::collections::{BTreeMap, BTreeSet};

use super::hearing::Heard;
use crate::facts::{SiteId, TaskId};
use crate::model::Model;
use crate::park;
use crate::policy::Policy;
use crate::reach::presumed;
use crate::reach::{Reach, Through};
use crate::report::{Class, ParkPoint};
use crate::rules::{self, Charge, OnGraph};
use crate::words;

/// The rules that tell a symptom, which victims have as well.
const SYMPTOMS: [&str; 6] = ["L1", "L2", "L3", "L5", "L8", "L9"];
/// Nearly all: of the known tasks of a charge, this share has to wait for others that are accused.
const NEARLY_ALL: f64 = 0.9;

/// The tasks of the wait graph by site and place.
type Known = BTreeMap<(SiteId, ParkPoint), Vec<TaskId>>;

/// Tells the victims among the accused from the causes.
pub(super) fn tell_apart(sites: &mut [Heard<'_>], model: &Model, policy: &Policy, reach: &Reach) {
    let (known, rule_of) = accused(sites, model);
    let tasks: BTreeSet<TaskId> = rule_of.keys().copied().collect();
    let victims = presumed::victims(model, policy, reach, &tasks);
    if victims.is_empty() {
        return;
    }
    let omitted = model.gauges().is_some_and(|gauges| gauges.waiting_omitted > 0);
    let mut behind: BTreeMap<TaskId, u64> = BTreeMap::new();
    for heard in sites.iter_mut() {
        let site = heard.scene.site.id;
        let mut told: Vec<Charge> = Vec::new();
        for mut charge in std::mem::take(&mut heard.charges) {
            let tasks = key(site, &charge).and_then(|key| known.get(&key));
            let waiting = tasks.filter(|_| is_symptom(&charge)).and_then(|tasks| {
                let waiting: Vec<(TaskId, Through)> =
                    tasks.iter().filter_map(|id| victims.get(id).copied()).collect();
                let nearly_all = waiting.len() as f64 >= NEARLY_ALL * tasks.len() as f64;
                let enough = omitted || 2 * tasks.len() as u64 >= charge.affected;
                (!waiting.is_empty() && nearly_all && enough).then_some(waiting)
            });
            let Some(waiting) = waiting else {
                told.push(charge);
                continue;
            };
            // Where a proof or another symptom says so already, this one adds to it.
            let same = |other: &&mut Charge| {
                other.rule.id == rules::BLOCKED.id && key(site, other) == key(site, &charge)
            };
            if let Some(other) = told.iter_mut().find(same) {
                if other.class == Class::Likely {
                    other.evidence.extend(as_symptom(&charge));
                } else {
                    told.push(charge);
                }
                continue;
            }
            for (root, _) in &waiting {
                *behind.entry(*root).or_default() += 1;
            }
            become_victims(&mut charge, &waiting, model, reach, &rule_of);
            told.push(charge);
        }
        heard.charges = told;
    }
    for heard in sites {
        let site = heard.scene.site.id;
        for charge in heard.charges.iter_mut().filter(|charge| charge.graph.is_none()) {
            let tasks = key(site, charge).and_then(|key| known.get(&key)).into_iter().flatten();
            let n = tasks.filter_map(|id| behind.get(id)).sum();
            charge.evidence.extend(rules::victims(n));
        }
    }
}

fn key(site: SiteId, charge: &Charge) -> Option<(SiteId, ParkPoint)> {
    Some((site, anyway(charge.place.clone()?)))
}

fn is_symptom(charge: &Charge) -> bool {
    charge.class == Class::Likely && charge.graph.is_none() && SYMPTOMS.contains(&charge.rule.id)
}

/// "L1: 6 of 800 tasks spawned here in the last 20m00s never finished."
fn as_symptom(charge: &Charge) -> Option<String> {
    charge.evidence.first().map(|text| format!("{}: {text}", charge.rule.id))
}

/// The place, whether the tasks wait there in their latest poll or not.
fn anyway(place: ParkPoint) -> ParkPoint {
    ParkPoint { current: true, ..place }
}

/// The tasks of the wait graph at the sites and places that are accused as likely, and by which rule.
fn accused(sites: &[Heard<'_>], model: &Model) -> (Known, BTreeMap<TaskId, &'static str>) {
    let mut places: BTreeMap<(SiteId, ParkPoint), &'static str> = BTreeMap::new();
    let mut crowds = BTreeMap::new();
    for heard in sites {
        let site = heard.scene.site.id;
        for charge in
            heard.charges.iter().filter(|it| it.class == Class::Likely && it.graph.is_none())
        {
            if let Some(key) = key(site, charge) {
                places.entry(key).or_insert(charge.rule.id);
                crowds.insert(site, heard.scene.crowds);
            }
        }
    }
    let (mut known, mut rule_of) = (Known::new(), BTreeMap::new());
    for task in model.waiting().filter(|task| task.settled_since.is_some()) {
        let Some(crowds) = crowds.get(&task.site) else { continue };
        let Some(place) = park::of_waiting(task, crowds, model) else { continue };
        let key = (task.site, anyway(place));
        if let Some(rule) = places.get(&key) {
            rule_of.insert(task.id, *rule);
            known.entry(key).or_default().push(task.id);
        }
    }
    (known, rule_of)
}

/// Makes a charge one against the victims of `waiting`: each a cause, and what the victim waits for.
fn become_victims(
    charge: &mut Charge,
    waiting: &[(TaskId, Through)],
    model: &Model,
    reach: &Reach,
    rule_of: &BTreeMap<TaskId, &'static str>,
) {
    let mut causes: BTreeMap<TaskId, (Through, u64)> = BTreeMap::new();
    for (root, through) in waiting {
        causes.entry(*root).or_insert((*through, 0)).1 += 1;
    }
    let Some((root, (through, _))) =
        causes.iter().max_by_key(|(root, (_, n))| (*n, std::cmp::Reverse(**root)))
    else {
        return;
    };
    let of_proof = reach.get(*root).map(|stranded| reach.rule(stranded.cause));
    let rule = of_proof.or_else(|| rule_of.get(root).copied()).unwrap_or("L1");
    let named = format!("#{} ({rule}): {}", root.0, rules::through_in_words(model, *through));
    let others = causes.len() as u64 - 1;
    let mut evidence = vec![match others {
        0 => format!("Blocked behind {named}."),
        1 => format!("Blocked behind {named}, and behind 1 other task like it."),
        n => format!("Blocked behind {named}, and behind {} others like it.", words::count(n)),
    }];
    evidence.extend(as_symptom(charge));
    let with = causes.keys().filter_map(|id| Some((*id, model.waiting_task(*id)?.site)));
    let with = with.take(rules::ACCUSED).collect();
    *charge = Charge {
        rule: rules::BLOCKED,
        evidence,
        counter_evidence: vec![
            "Victims of another finding: repairing that one is enough.".to_owned(),
        ],
        fix: rules::BLOCKED.fix.to_owned(),
        clears: "The cause ends.".to_owned(),
        graph: Some(OnGraph { accused: Vec::new(), with, blocked_behind: Some(named) }),
        ..charge.clone()
    };
}
