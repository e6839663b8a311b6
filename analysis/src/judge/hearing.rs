//! Every rule asked about every site.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::victims;
use crate::facts::{Cap, Gauges, Moment, SiteFacts, SiteId};
use crate::health::{self, Defence, HealthDoc};
use crate::history;
use crate::model::Model;
use crate::policy::Policy;
use crate::reach::Reach;
use crate::report::{Class, RuleId};
use crate::rules::{self, Charge, Rule};
use crate::scene::Scene;
use crate::words;

/// The rules whose conditions do not rest on tasks being parked.
const STALLS: [&str; 1] = ["L13"];

/// What the rules say of all sites.
pub(crate) struct Hearing<'a> {
    pub sites: Vec<Heard<'a>>,
    /// The rules that are off, and why.
    pub inactive: Vec<String>,
    active: Vec<RuleId>,
}

/// What the rules say of one site.
pub(crate) struct Heard<'a> {
    pub scene: Scene<'a>,
    pub charges: Vec<Charge>,
    /// A health fact that silenced a rule.
    pub defence: Option<Defence>,
}

impl<'a> Hearing<'a> {
    /// Asks all rules whose facts are there.
    pub(crate) fn hold(model: &'a Model, now: Moment, policy: &'a Policy) -> Self {
        let in_force = rules_in_force(model, policy);
        Self::before(in_force, model, now, policy)
    }

    /// Asks only the rules that say why a runtime stands still.
    pub(crate) fn of_stalls(model: &'a Model, now: Moment, policy: &'a Policy) -> Self {
        let (mut active, inactive) = rules_in_force(model, policy);
        active.retain(|rule| STALLS.contains(&rule.doc.id));
        Self::before((active, inactive), model, now, policy)
    }

    fn before(
        (active, inactive): (Vec<&'static Rule>, Vec<String>),
        model: &'a Model,
        now: Moment,
        policy: &'a Policy,
    ) -> Self {
        // Ages and bins tell nothing of the time after the census.
        let now = model.census().map_or(now, |census| now.min(census));
        let spawned_everywhere = model
            .sites()
            .filter(|site| !site.own)
            .map(|site| history::spawned_between(site, now.back(policy.constant_for), now))
            .sum();
        let reach = Rc::new(Reach::of(model, policy));
        let mut sites: Vec<Heard<'a>> = model
            .sites()
            .filter(|site| !site.own)
            .map(|site| {
                let reach = Rc::clone(&reach);
                Heard::of(Scene::new(model, site, now, policy, spawned_everywhere, reach), &active)
            })
            .collect();
        if active.iter().any(|rule| rule.doc.id == rules::BLOCKED.id) {
            victims::tell_apart(&mut sites, model, policy, &reach);
        }
        Self { sites, inactive, active: active.into_iter().map(Rule::id).collect() }
    }

    pub(crate) fn charges(&self) -> impl Iterator<Item = (&'a SiteFacts, &Charge)> {
        self.sites
            .iter()
            .flat_map(|heard| heard.charges.iter().map(|charge| (heard.scene.site, charge)))
    }

    pub(crate) fn is_active(&self, rule: RuleId) -> bool {
        self.active.contains(&rule)
    }

    pub(crate) fn by_site(&self) -> BTreeMap<SiteId, &Heard<'a>> {
        self.sites.iter().map(|heard| (heard.scene.site.id, heard)).collect()
    }
}

impl<'a> Heard<'a> {
    fn of(scene: Scene<'a>, active: &[&'static Rule]) -> Self {
        let mut heard = Self { scene, charges: Vec::new(), defence: None };
        // The ended can still cost something.
        if heard.scene.site.live == 0 && heard.scene.site.zombies.is_none() {
            return heard;
        }
        for rule in active {
            let mut opinion = (rule.condition)(&heard.scene);
            for charge in &mut opinion.charges {
                doubt(charge, heard.scene.model);
            }
            heard.charges.extend(opinion.charges);
            heard.defence = heard.defence.or(opinion.silenced_by);
        }
        heard
    }
}

/// What nobody could speak against is no more than odd. A proof needs no other side.
fn doubt(charge: &mut Charge, model: &Model) {
    if charge.class != Class::Likely {
        return;
    }
    let told = |cap: &Cap| model.target().is_some_and(|target| target.caps.has(*cap));
    let unheard: Vec<&HealthDoc> = charge
        .rule
        .silenced_by
        .iter()
        .filter_map(|id| health::explain(id))
        .filter(|fact| !fact.needs.iter().all(told))
        .collect();
    let mut missing: Vec<&str> = unheard
        .iter()
        .flat_map(|fact| fact.needs)
        .filter(|cap| !told(cap))
        .map(|cap| meaning(*cap))
        .collect();
    missing.dedup();
    if unheard.is_empty() {
        return;
    }
    let ids: Vec<&str> = unheard.iter().map(|fact| fact.id).collect();
    charge.class = Class::Watch;
    charge.counter_evidence.push(format!(
        "{} could not be asked: this source does not tell {}.",
        ids.join(", "),
        missing.join(", nor ")
    ));
}

/// The rules that can be asked, and why the others cannot.
fn rules_in_force(model: &Model, policy: &Policy) -> (Vec<&'static Rule>, Vec<String>) {
    let (target, gauges, lost) = (model.target(), model.gauges(), model.lost());
    let (mut active, mut inactive) = (Vec::new(), Vec::new());
    for &rule in rules::ALL {
        if policy.without.contains(&rule.id()) {
            inactive.push(format!("{}: switched off", rule.doc.id));
            continue;
        }
        let missing: Vec<&str> = rule
            .doc
            .needs
            .iter()
            .filter(|cap| !target.is_some_and(|target| target.caps.has(**cap)))
            .map(|cap| meaning(*cap))
            .collect();
        let lost = (lost > 0 && rules::reads_the_wait_graph(rule))
            .then(|| "updates were lost, so who waits for whom may have changed".to_owned());
        let unreliable = gauges.and_then(|gauges| too_unreliable(gauges, policy));
        if !missing.is_empty() {
            inactive.push(format!(
                "{}: this source does not tell {}",
                rule.doc.id,
                missing.join(", nor ")
            ));
        } else if let Some(because) = unreliable.filter(|_| rules::counts_wakers(rule)) {
            inactive.push(format!("{}: {because}", rule.doc.id));
        } else if let Some(because) = lost {
            inactive.push(format!("{}: {because}", rule.doc.id));
        } else {
            active.push(rule);
        }
    }
    (active, inactive)
}

/// A count that is wrong somewhere may be wrong unnoticed elsewhere.
fn too_unreliable(gauges: &Gauges, policy: &Policy) -> Option<String> {
    let allowed = policy.unaccounted_share * gauges.tracked as f64;
    (gauges.unaccounted as f64 > allowed).then(|| {
        format!(
            "the waker counts of {} of {} are unreliable",
            words::count(gauges.unaccounted),
            words::counted(gauges.tracked, "task")
        )
    })
}

/// What a capability tells, after "this source does not tell".
fn meaning(cap: Cap) -> &'static str {
    match cap {
        Cap::Wakers => "how many wakers a task has",
        Cap::ParkStacks => "where tasks wait",
        Cap::Spawners => "who spawned a task",
        Cap::Norms => "how long the ended tasks of a site lived",
        Cap::Coverage => "how many tasks the runtime has",
        Cap::Scopes => "in which request a task was spawned",
        Cap::WokenBy => "who woke a task",
        Cap::Endings => "how tasks ended",
        Cap::Resources => "who holds locks",
        Cap::Timers => "when timers fire",
        Cap::Cancellations => "who was told to stop",
        Cap::SpawnStacks => "through which calls a task was spawned",
        Cap::Activity => "what the threads that poll are doing",
        Cap::Handles => "who holds the ends of channels",
    }
}
