//! The life cycle of a verdict: candidate, confirmed, then retracted, resolved or lapsed.
//!
//! The agent keeps history since its process started, so many conditions show by themselves that they
//! have held long enough; such a finding needs no second look and is confirmed in the first report.
//! The others are confirmed here, by a later look. `judge` only reads what is recorded.

mod progress;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::facts::{Moment, SiteFacts, SiteId};
use crate::judge::{Hearing, gate};
use crate::model::Model;
use crate::policy::Policy;
use crate::report::{Class, ParkPoint, RuleId, Stage};
use crate::rules::{Charge, Confirms};

use progress::{Watched, aborted};

/// The most events kept; the oldest go first.
const EVENTS: usize = 256;

/// The cases of one boot.
#[derive(Clone, Debug, Default)]
pub struct Docket {
    cases: BTreeMap<Key, Case>,
    demoted: BTreeSet<(SiteId, RuleId)>,
    retracted: u64,
    events: VecDeque<CaseEvent>,
}

/// What a case is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    site: SiteId,
    rule: RuleId,
    place: Option<ParkPoint>,
}

/// One open case, with the site's counters when its condition held last.
#[derive(Clone, Debug)]
struct Case {
    opened: Moment,
    confirmed: bool,
    class: Class,
    failures: u32,
    /// Since when its condition does not hold.
    failing: Option<Moment>,
    /// How long each accused task had lived, and how many tasks of the site had returned after so long.
    lived: Duration,
    late_returns: u64,
    affected: u64,
    aborted: u64,
    revived: u64,
    /// Whom it accuses by the wait graph, if that is what it rests on.
    watched: Option<Watched>,
}

/// Something that happened to a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseEvent {
    /// When.
    pub at: Moment,
    /// At which site.
    pub site: SiteId,
    /// By which rule.
    pub rule: RuleId,
    /// Where the tasks waited.
    pub place: Option<ParkPoint>,
    /// What.
    pub what: CaseChange,
}

/// What can happen to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseChange {
    /// Its condition has held long enough.
    Confirmed,
    /// Later data showed it wrong.
    Retracted,
    /// The accused tasks were aborted.
    Resolved,
    /// Its tasks are still there, but the rule no longer looks at them.
    Lapsed,
}

/// What becomes of an open case after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    /// Closed with nothing to tell.
    Forgotten,
    Ends(CaseChange),
}

impl Docket {
    /// Looks at everything once more. While the data allows no verdict, nothing changes.
    pub(crate) fn review(&mut self, model: &Model, now: Moment, policy: &Policy) {
        let gate = gate::check(model, now, policy);
        if !gate.closed.is_empty() || gate.frozen.is_some() {
            return;
        }
        let hearing = Hearing::hold(model, now, policy);
        let mut charged = BTreeSet::new();
        for (site, charge) in hearing.charges() {
            let key = Key::of(site.id, charge);
            self.note(&key, site, charge, model, now);
            charged.insert(key);
        }
        let open: Vec<Key> =
            self.cases.keys().filter(|key| !charged.contains(key)).cloned().collect();
        for key in open.iter().filter(|key| hearing.is_active(key.rule)) {
            // Symbols that arrive move a case to a place; the condition did not fail.
            let moved =
                charged.iter().any(|other| other.site == key.site && other.rule == key.rule);
            let fate = if moved { Fate::Forgotten } else { self.failed(key, model, now, policy) };
            self.close(key, fate, now);
        }
    }

    /// Records that the condition of a case holds.
    fn note(&mut self, key: &Key, site: &SiteFacts, charge: &Charge, model: &Model, now: Moment) {
        let opened = self.opened_elsewhere(key).unwrap_or(now);
        let case = self.cases.entry(key.clone()).or_insert(Case {
            opened,
            confirmed: false,
            class: charge.class,
            failures: 0,
            failing: None,
            lived: charge.lived,
            late_returns: 0,
            affected: 0,
            aborted: 0,
            revived: site.revived,
            watched: None,
        });
        case.class = charge.class;
        case.failures = 0;
        case.failing = None;
        case.lived = charge.lived;
        case.late_returns = site.lifetimes.possibly_above(charge.lived);
        case.affected = charge.affected;
        case.aborted = aborted(site);
        let went_on = case.confirmed
            && case.watched.as_ref().is_some_and(|watched| watched.went_on_alone(model));
        case.watched = charge.graph.as_ref().map(|graph| Watched::new(graph, model));
        let shown_wrong = went_on || (site.revived > case.revived && charge.rule.id == "P1");
        case.revived = site.revived;
        let held = match charge.confirms {
            Confirms::Now => true,
            Confirms::After(span) => now.since(case.opened) >= span,
            Confirms::BySource => false,
        };
        let confirms = held && !case.confirmed;
        case.confirmed |= held;
        if shown_wrong {
            // Some of them stay accused, by a rule that is no proof here any more.
            if went_on {
                self.demoted.insert((key.site, key.rule));
            }
            self.retracted += 1;
            self.log(key, CaseChange::Retracted, now);
        }
        if confirms {
            self.log(key, CaseChange::Confirmed, now);
        }
    }

    /// When a case of the same rule and site was opened whose place was not known yet.
    fn opened_elsewhere(&self, key: &Key) -> Option<Moment> {
        let unplaced = Key { place: None, ..key.clone() };
        key.place.as_ref()?;
        self.cases.get(&unplaced).map(|case| case.opened)
    }

    /// What becomes of a case whose condition did not hold.
    fn failed(&mut self, key: &Key, model: &Model, now: Moment, policy: &Policy) -> Fate {
        let (Some(case), Some(site)) = (self.cases.get_mut(key), model.site(key.site)) else {
            return Fate::Forgotten;
        };
        if !case.confirmed || case.class == Class::Watch {
            return Fate::Forgotten;
        }
        if matches!(key.rule.0, "P7" | "P8") {
            // They speak of the present, and that it has passed does not show them wrong.
            return Fate::Ends(CaseChange::Resolved);
        }
        if let Some(watched) = &case.watched {
            let came_back = site.lifetimes.possibly_above(case.lived) > case.late_returns;
            let ended = aborted(site) > case.aborted || watched.was_helped(model);
            return Fate::Ends(match () {
                () if watched.went_on_alone(model) => CaseChange::Retracted,
                () if ended => CaseChange::Resolved,
                () if came_back => CaseChange::Retracted,
                // Something about them is not known any more.
                () => CaseChange::Lapsed,
            });
        }
        if key.rule.0 == "P1" {
            let wrong = site.revived > case.revived;
            return Fate::Ends(if wrong { CaseChange::Retracted } else { CaseChange::Resolved });
        }
        case.failures += 1;
        let failing = now.since(*case.failing.get_or_insert(now));
        // As far apart as the looks that confirm: a busy moment is not a change of mind.
        if case.failures < policy.failures || failing < policy.confirm {
            return Fate::Stays;
        }
        let came_back = site.lifetimes.possibly_above(case.lived) > case.late_returns;
        let aborted = aborted(site).saturating_sub(case.aborted);
        Fate::Ends(if aborted >= case.affected {
            CaseChange::Resolved
        } else if came_back || key.rule.0 == "L2" {
            CaseChange::Retracted
        } else {
            // None of the accused has returned: the norm they are compared with has moved, or a health fact
            // speaks for them now. That is no reason to believe the rule less next time.
            CaseChange::Lapsed
        })
    }

    fn close(&mut self, key: &Key, fate: Fate, now: Moment) {
        if fate == Fate::Stays {
            return;
        }
        self.cases.remove(key);
        if let Fate::Ends(change) = fate {
            // A proof drops by what the site itself tells of it, which a new viewer sees as well.
            if change == CaseChange::Retracted && key.rule.0 != "P1" {
                self.demoted.insert((key.site, key.rule));
            }
            self.retracted += u64::from(change == CaseChange::Retracted);
            self.log(key, change, now);
        }
    }

    fn log(&mut self, key: &Key, what: CaseChange, at: Moment) {
        if self.events.len() == EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(CaseEvent {
            at,
            site: key.site,
            rule: key.rule,
            place: key.place.clone(),
            what,
        });
    }

    /// Where a charge is in its life.
    pub(crate) fn stage(
        &self,
        site: SiteId,
        charge: &Charge,
        now: Moment,
        policy: &Policy,
    ) -> Stage {
        let case = self.cases.get(&Key::of(site, charge));
        let looked = case.map_or(Duration::ZERO, |case| now.since(case.opened));
        let asked = match charge.confirms {
            Confirms::Now => return Stage::Confirmed,
            _ if case.is_some_and(|case| case.confirmed) => return Stage::Confirmed,
            Confirms::After(span) => span,
            Confirms::BySource => policy.settle,
        };
        Stage::Candidate { confirms_in: asked.saturating_sub(looked) }
    }

    /// The class of a charge: one lower where the same rule was wrong at the same site before.
    pub(crate) fn class(&self, site: SiteId, charge: &Charge) -> Class {
        match (charge.class, self.demoted.contains(&(site, RuleId(charge.rule.id)))) {
            (class, false) => class,
            (Class::Proven, true) => Class::Likely,
            (_, true) => Class::Watch,
        }
    }

    /// Findings that later data showed wrong.
    pub fn retracted(&self) -> u64 {
        self.retracted
    }

    /// What happened to cases, oldest first; a bounded number.
    pub fn events(&self) -> impl Iterator<Item = &CaseEvent> {
        self.events.iter()
    }
}

impl Key {
    fn of(site: SiteId, charge: &Charge) -> Self {
        let place = charge.place.clone().map(|place| ParkPoint { current: true, ..place });
        Self { site, rule: RuleId(charge.rule.id), place }
    }
}
