//! What was seen of one program, compared with what is true of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::account::Site;
use super::baseline::{self, Baseline};
use super::ratio::Ratio;
use super::report::{Finding, Report, same};
use super::run::Observed;
use super::viewer::Look;
use crate::harness::Kind;
use crate::harness::process::{Flavor, Instrumentation};
use crate::harness::truth::Place;

/// Within this time, times the time scale, a leak has to be found at one leak a second.
const LIKELY_WITHIN: Duration = Duration::from_mins(1);
/// Within this time a proof has to be there: the source settles for five seconds at any scale.
const PROVEN_WITHIN: Duration = Duration::from_secs(7);
/// So many leaks make one that can be told by comparison.
const INSTANCES: u64 = 3;
/// What a late viewer finds within this time it has found at attach: the time of a first report with names.
const AT_ATTACH_MS: u64 = 5_000;

/// How right the engine was about one program.
#[derive(Clone, Debug)]
pub struct Score {
    pub(super) name: &'static str,
    pub(super) scenario: &'static str,
    pub(super) about: &'static str,
    pub(super) leaking: bool,
    /// Runtime and noise.
    pub(super) setting: String,
    pub(super) instrumented: bool,
    pub(super) watched: Duration,
    /// The sites that leak.
    pub(super) sites: Vec<SiteScore>,
    /// Accused though healthy: class, rule, place.
    pub(super) wrong: BTreeSet<Accusation>,
    /// Accused of leaking though they only wait for a leak.
    pub(super) wronged_victims: BTreeSet<Accusation>,
    /// Accusations by class, right ones of all.
    pub(super) proven: Ratio,
    pub(super) likely: Ratio,
    /// Tasks: found of those that leak; right of those accused.
    pub(super) task_recall: Ratio,
    pub(super) task_precision: Ratio,
    pub(super) retracted: u64,
    pub(super) healthy_tasks: u64,
    /// What the reports say at large.
    pub(super) verdicts: BTreeSet<String>,
    pub(super) lost_waker: Baseline,
    pub(super) parked_long: Baseline,
    /// What goes wrong without a rule, by that rule.
    pub(super) without: BTreeMap<String, Vec<String>>,
}

/// Who was accused, of what: class, rule, place.
pub(super) type Accusation = (String, String, Place);

/// How right it was about one site that leaks.
#[derive(Clone, Debug)]
pub struct SiteScore {
    pub(super) place: Place,
    pub(super) provable: bool,
    pub(super) instances: u64,
    /// Whether there was time enough to find it.
    pub(super) counts: bool,
    /// The rule of the first accusation, and how long after the first leak it came, less what the rule asks.
    pub(super) found: Option<(String, Duration)>,
    /// The same of the first proof.
    pub(super) proven: Option<(String, Duration)>,
    /// How long after it attached a late viewer knew.
    pub(super) at_attach: Option<Duration>,
    /// Whether the surest accusation of the last report names the cause.
    pub(super) cause: Option<bool>,
    /// Park lines: right ones of the accusations of the last report.
    pub(super) parks: Ratio,
    /// The rules of the last report.
    pub(super) rules: Vec<String>,
}

impl SiteScore {
    /// Whether it was found as surely as it can be.
    pub fn is_right(&self) -> bool {
        if self.provable { self.proven.is_some() } else { self.found.is_some() }
    }
}

/// Compares.
pub fn score(seen: &Observed) -> Score {
    let truth = &seen.truth;
    let last = seen.looks.last();
    let sites: Vec<_> = truth
        .sites
        .iter()
        .filter(|(_, site)| !site.leaks_ms.is_empty())
        .map(|(place, site)| site_score(seen, place, site))
        .collect();
    let accusations: BTreeSet<Accusation> = seen
        .looks
        .iter()
        .chain(&seen.late)
        .flat_map(|look| look.report.accusations())
        .map(|finding| (finding.class.clone(), finding.rule.clone(), finding.site.clone()))
        .collect();
    let wrong = accusations.iter().filter(|(.., place)| site_at(seen, place).is_none()).cloned();
    let (task_recall, task_precision) = tasks(seen, last);
    Score {
        name: seen.program.name,
        scenario: seen.program.scenario,
        about: seen.program.about,
        leaking: seen.program.kind == Kind::Leaking,
        setting: setting(seen),
        instrumented: seen.settings.instrumentation == Instrumentation::On,
        watched: seen.settings.watch,
        wrong: wrong.collect(),
        wronged_victims: wronged_victims(seen),
        proven: precision(seen, &accusations, "proven"),
        likely: precision(seen, &accusations, "likely"),
        task_recall,
        task_precision,
        retracted: last.map_or(0, |look| look.report.own.retracted),
        healthy_tasks: seen
            .spawned
            .saturating_sub((truth.leaks.len() + truth.victims.len()) as u64),
        verdicts: seen.looks.iter().map(|look| look.report.verdict.clone()).collect(),
        lost_waker: baseline::lost_waker(seen),
        parked_long: baseline::parked_long(seen, LIKELY_WITHIN.mul_f64(seen.settings.time_scale)),
        without: without(seen, &sites),
        sites,
    }
}

impl Score {
    /// Whether everything is as it should be.
    pub fn is_right(&self) -> bool {
        if !self.instrumented {
            return self.verdicts.iter().eq(["inconclusive"]);
        }
        self.wrong.is_empty()
            && self.wronged_victims.is_empty()
            && self.counting().all(SiteScore::is_right)
            && self.leaking == self.counting().next().is_some()
    }

    /// The leaking sites that had time to be found.
    pub fn counting(&self) -> impl Iterator<Item = &SiteScore> {
        self.sites.iter().filter(|site| site.counts)
    }

    /// What goes wrong without `rule`; `None` if nobody was accused by it.
    pub fn without(&self, rule: &str) -> Option<&[String]> {
        self.without.get(rule).map(Vec::as_slice)
    }

    /// What came of it, in one line.
    pub fn line(&self) -> String {
        let sites: Vec<String> = self.sites.iter().map(SiteScore::line).collect();
        let wrong: Vec<String> = self
            .wrong
            .iter()
            .chain(&self.wronged_victims)
            .map(|(class, rule, place)| {
                format!("wrong: {class} {rule} {}:{}", place.file, place.line)
            })
            .collect();
        let mut parts = [sites, wrong].concat();
        if !self.instrumented {
            parts.push(format!("says {:?}", self.verdicts));
        } else if self.leaking && self.counting().next().is_none() {
            parts.push("void: nothing leaked long enough".to_owned());
        }
        parts.extend(
            self.without.iter().map(|(rule, what)| format!("-{rule}: {}", what.join(", "))),
        );
        let mark = if self.is_right() { "ok  " } else { "MISS" };
        format!("{mark} {:<22} {:<18} {}", self.name, self.setting, parts.join("; "))
    }
}

impl SiteScore {
    fn line(&self) -> String {
        let found = match (&self.proven, &self.found) {
            (Some((rule, after)), _) => format!("proven {rule} after {:.1}s", after.as_secs_f64()),
            (_, Some((rule, after))) => format!("likely {rule} after {:.1}s", after.as_secs_f64()),
            _ => "not found".to_owned(),
        };
        let attach = match self.at_attach {
            Some(after) => format!("attach {:.1}s", after.as_secs_f64()),
            None => "not at attach".to_owned(),
        };
        let cause = match self.cause {
            Some(true) => "cause right",
            Some(false) => "cause WRONG",
            None => "no cause",
        };
        let (right, all) = (self.parks.part, self.parks.whole);
        format!(
            "{}:{} x{}: {found}, {attach}, {cause}, park {right}/{all}, now {}",
            self.place.file.rsplit('/').next().unwrap_or_default(),
            self.place.line,
            self.instances,
            self.rules.join(" ")
        )
    }
}

fn site_at<'a>(seen: &'a Observed, place: &Place) -> Option<&'a Site> {
    seen.truth.sites.iter().find(|(at, _)| same(at, place)).map(|(_, site)| site)
}

fn at<'a>(report: &'a Report, place: &'a Place) -> impl Iterator<Item = &'a Finding> {
    report.accusations().filter(|finding| same(&finding.site, place))
}

fn site_score(seen: &Observed, place: &Place, site: &Site) -> SiteScore {
    let since = site.since_ms().unwrap_or_default() + site.asks_ms;
    let first = |wanted: &dyn Fn(&Finding) -> bool| {
        seen.looks.iter().find_map(|look| {
            let finding = at(&look.report, place).find(|finding| wanted(finding))?;
            let after = Duration::from_millis(look.at_ms.saturating_sub(since));
            Some((finding.rule.clone(), after))
        })
    };
    let late = seen
        .late
        .iter()
        .find(|look| at(&look.report, place).any(|finding| finding.is_proven() || !site.provable));
    let at_attach = late
        .map(|look| look.at_ms.saturating_sub(seen.attached_ms))
        .filter(|&after| after <= AT_ATTACH_MS);
    let last: Vec<&Finding> =
        seen.looks.last().map(|look| at(&look.report, place).collect()).unwrap_or_default();
    SiteScore {
        place: place.clone(),
        provable: site.provable,
        instances: site.leaks_ms.len() as u64,
        counts: counts(seen, site),
        found: first(&|_| true),
        proven: first(&Finding::is_proven),
        at_attach: at_attach.map(Duration::from_millis),
        cause: last.first().map(|finding| site.rules.contains(&finding.rule)),
        parks: last
            .iter()
            .filter(|finding| finding.park.as_ref().is_none_or(|park| park.current))
            .filter(|_| !site.parks.is_empty())
            .map(|finding| Ratio::once(is_park(site, finding)))
            .sum(),
        rules: last.iter().map(|finding| finding.rule.clone()).collect(),
    }
}

fn is_park(site: &Site, finding: &Finding) -> bool {
    finding.park().is_some_and(|said| site.parks.iter().any(|park| same(park, &said)))
}

/// How old a leak must be to have been found.
fn grace_ms(seen: &Observed, site: &Site) -> u64 {
    let likely = LIKELY_WITHIN.mul_f64(seen.settings.time_scale);
    let within = if site.provable { PROVEN_WITHIN } else { likely };
    within.as_millis() as u64 + site.asks_ms
}

fn counts(seen: &Observed, site: &Site) -> bool {
    let Some(last) = seen.looks.last() else { return false };
    let age = grace_ms(seen, site);
    let enough = if site.provable { 1 } else { INSTANCES };
    site.leaks_of_age(0, last.at_ms) >= enough && site.leaks_of_age(age, last.at_ms) > 0
}

fn precision(seen: &Observed, accusations: &BTreeSet<Accusation>, class: &str) -> Ratio {
    let places: BTreeSet<_> =
        accusations.iter().filter(|(of, ..)| of == class).map(|(.., place)| place).collect();
    places.into_iter().map(|place| Ratio::once(site_at(seen, place).is_some())).sum()
}

fn wronged_victims(seen: &Observed) -> BTreeSet<Accusation> {
    let findings = seen.looks.iter().flat_map(|look| look.report.accusations());
    findings
        .filter(|finding| {
            site_at(seen, &finding.site).is_some_and(|site| {
                site.leaks_ms.is_empty()
                    && !finding.names_victims()
                    && !site.victim_rules.contains(&finding.rule)
            })
        })
        .map(|finding| (finding.class.clone(), finding.rule.clone(), finding.site.clone()))
        .collect()
}

/// Found of the tasks that leak for long enough; right of those accused.
fn tasks(seen: &Observed, last: Option<&Look>) -> (Ratio, Ratio) {
    let Some(look) = last else { return Default::default() };
    // Of several rules at one place each accuses the same tasks.
    let mut accused = BTreeMap::<(Place, Option<Place>), u64>::new();
    for finding in look.report.accusations() {
        let tasks = accused.entry((finding.site.clone(), finding.park())).or_default();
        *tasks = finding.affected.max(*tasks);
    }
    let mut by_site = BTreeMap::<Place, u64>::new();
    for ((site, _), tasks) in accused {
        *by_site.entry(site).or_default() += tasks;
    }
    let found = seen.truth.sites.iter().map(|(place, site)| {
        let leaks = site.leaks_of_age(grace_ms(seen, site), look.at_ms);
        let accused = by_site.iter().find(|(at, _)| same(at, place)).map_or(0, |(_, tasks)| *tasks);
        Ratio::new(leaks.min(accused), leaks)
    });
    let right = by_site.iter().map(|(place, &accused)| {
        let stuck =
            site_at(seen, place).map_or(0, |site| site.leaks_of_age(0, look.at_ms) + site.victims);
        Ratio::new(stuck.min(accused), accused)
    });
    (found.sum(), right.sum())
}

/// What goes wrong without each rule: a site that is missed, less sure, or put down to another cause.
fn without(seen: &Observed, sites: &[SiteScore]) -> BTreeMap<String, Vec<String>> {
    let worse = |look: &Look| -> Vec<String> {
        sites
            .iter()
            .filter(|site| site.counts && site.is_right())
            .filter_map(|site| {
                let truth = seen.truth.sites.get(&site.place)?;
                let left: Vec<_> = at(&look.report, &site.place).collect();
                let what = match left.first() {
                    None => "missed",
                    Some(_) if site.provable && !left.iter().any(|finding| finding.is_proven()) => {
                        "not proven"
                    }
                    Some(first) if !truth.rules.contains(&first.rule) => "another cause",
                    Some(_) => return None,
                };
                Some(format!("{}:{} {what}", site.place.file, site.place.line))
            })
            .collect()
    };
    seen.without.iter().map(|(rule, look)| (rule.clone(), worse(look))).collect()
}

fn setting(seen: &Observed) -> String {
    let flavor = match seen.settings.flavor {
        Flavor::CurrentThread => "current_thread".to_owned(),
        Flavor::Local => "local".to_owned(),
        Flavor::Multi(workers) => format!("{workers} workers"),
    };
    format!("{flavor}, {}/s", seen.settings.noise)
}
