//! The rules: what accuses a site.
//!
//! Each rule is one file with its condition, its sentences, its fix and its page for
//! `stranded explain RULE`. A condition is a pure function of one site's scene.

mod awaited;
mod big;
mod blocked;
mod cancelled;
mod closed_world;
mod drained;
mod far_timer;
mod futurelock;
mod growth;
mod holder_unknown;
mod join_cycle;
mod leaked_ticker;
mod lock_cycle;
mod lost_waker;
mod names;
mod nearly_full;
mod no_deadline;
mod no_verdict;
mod old_keep_alive;
mod outlived;
mod parked_until_aborted;
mod self_waker;
mod slow;
mod snippets;
mod spawned_on_drop;
mod spinning;
mod stalled_sender;
mod stranding;
mod stuck_blocking;
mod survivors;
mod unscheduled;
mod wait_short;
mod waker_gone;
mod zombie_memory;

pub(crate) use stranding::{ACCUSED, through_in_words, victims};

use std::fmt::Write;
use std::time::Duration;

use crate::facts::{Cap, Moment, SiteId, TaskId};
use crate::health::{self, Defence, Trends};
use crate::park::Crowd;
use crate::policy::Policy;
use crate::report::{Class, ParkPoint, RuleId};
use crate::scene::Scene;
use crate::words;

/// What `stranded explain` tells of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleDoc {
    /// Its id: `L1`.
    pub id: &'static str,
    /// Its short name: "survivors".
    pub title: &'static str,
    /// How sure its findings are.
    pub class: Class,
    /// The facts without which it is off.
    pub needs: &'static [Cap],
    /// What it means, for somebody who has never heard of it.
    pub meaning: &'static str,
    /// When it accuses, with its thresholds.
    pub condition: &'static str,
    /// Why that condition tells a leak from a healthy task.
    pub reason: &'static str,
    /// What its evidence looks like.
    pub example: &'static str,
    /// What to change.
    pub fix: &'static str,
    /// Where it can be wrong, and what it cannot see.
    pub limits: &'static str,
    /// The health facts that silence it.
    pub silenced_by: &'static [&'static str],
}

impl RuleDoc {
    /// A minimal program that leaks so, and what ends it, as Rust code.
    pub fn program(&self) -> Option<&'static str> {
        snippets::of(self.id)
    }

    /// The page as text, a paragraph a line, with a heading of its own line before each but the first.
    pub fn text(&self) -> String {
        let needs: Vec<&str> = self.needs.iter().map(|cap| cap.name()).collect();
        let silenced: Vec<String> = self
            .silenced_by
            .iter()
            .filter_map(|id| health::explain(id))
            .map(|fact| format!("  {} {}: {}", fact.id, fact.title, fact.test))
            .collect();
        let mut text = format!(
            "{} {} ({})\n\n{}\n\nCondition\n  {}\n\nWhy\n  {}\n\nLooks like\n  {}\n\nFix\n  {}\n\nCan be wrong\n  {}\n",
            self.id,
            self.title,
            self.class.name(),
            self.meaning,
            self.condition,
            self.reason,
            self.example,
            self.fix,
            self.limits
        );
        if let Some(program) = self.program() {
            let _ = write!(text, "\nA program that leaks, and what ends it\n{}", indented(program));
        }
        if !silenced.is_empty() {
            let _ = write!(text, "\nSilenced by\n{}\n", silenced.join("\n"));
        }
        let _ = write!(text, "\nNeeds\n  {}\n", needs.join(", "));
        text
    }
}

/// Code under a heading.
fn indented(code: &str) -> String {
    code.lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") })
        .collect()
}

/// One accusation of a rule against the tasks of one site at one place.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub rule: &'static RuleDoc,
    pub class: Class,
    pub place: Option<ParkPoint>,
    pub affected: u64,
    /// How long each accused task has lived at least: one of them that returns does so after more than that.
    pub lived: Duration,
    /// Since when the condition is known to hold.
    pub since: Moment,
    pub confirms: Confirms,
    pub oldest: Duration,
    pub examples: Vec<TaskId>,
    /// Whether the examples are tasks without a live waker.
    pub examples_stranded: bool,
    pub evidence: Vec<String>,
    pub counter_evidence: Vec<String>,
    pub fix: String,
    pub clears: String,
    /// Whom it accuses by the wait graph, if that is what it rests on.
    pub graph: Option<OnGraph>,
}

/// The tasks of the wait graph that a charge accuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OnGraph {
    /// Some of the accused, each with its polls: one that is polled again was accused wrongly.
    pub accused: Vec<(TaskId, u64)>,
    /// Some of those that have to stay stranded with them: if one of these is aborted, the others may go on.
    pub with: Vec<(TaskId, SiteId)>,
    /// The cause, if the accused are victims: "#41 (P2): the mutex from src/ledger.rs:30".
    pub blocked_behind: Option<String>,
}

impl Charge {
    /// A charge of `rule` against all of `crowd`, to be confirmed by a second look, without evidence yet.
    fn of(rule: &'static RuleDoc, scene: &Scene<'_>, crowd: &Crowd) -> Self {
        Self {
            place: crowd.point.clone(),
            affected: crowd.parked,
            oldest: scene.now.since(crowd.oldest_parked),
            examples: crowd.examples.clone(),
            ..Self::of_site(rule, scene)
        }
    }

    /// A charge of `rule` against all live tasks of a site, of which it is not known where they are.
    fn of_site(rule: &'static RuleDoc, scene: &Scene<'_>) -> Self {
        Self {
            rule,
            class: rule.class,
            place: None,
            affected: scene.site.live,
            lived: Duration::ZERO,
            since: scene.now,
            confirms: Confirms::After(scene.policy.confirm),
            oldest: Duration::ZERO,
            examples: Vec::new(),
            examples_stranded: false,
            evidence: Vec::new(),
            counter_evidence: Vec::new(),
            fix: rule.fix.to_owned(),
            clears: "They end.".to_owned(),
            graph: None,
        }
    }
}

/// What it takes to confirm a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirms {
    /// Nothing: the facts themselves show that the condition has held long enough.
    Now,
    /// It must hold for so long while it is looked at.
    After(Duration),
    /// Looking on does not help: the source has to say that nothing moved.
    BySource,
}

impl Confirms {
    /// `shown`: whether the facts show that the condition has held long enough. `unresolved`: whether
    /// symbols are still to come that may speak for the tasks.
    fn by(shown: bool, unresolved: bool, policy: &Policy) -> Self {
        match (unresolved, shown) {
            (true, _) => Self::After(policy.symbols),
            (false, true) => Self::Now,
            (false, false) => Self::After(policy.confirm),
        }
    }
}

/// What one rule says of one site.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opinion {
    pub charges: Vec<Charge>,
    /// The health fact without which there would have been a charge.
    pub silenced_by: Option<Defence>,
}

impl Opinion {
    fn charge(charge: Charge) -> Self {
        Self { charges: vec![charge], silenced_by: None }
    }

    fn silenced(defence: Option<Defence>) -> Self {
        Self { charges: Vec::new(), silenced_by: defence }
    }

    /// What `charge` says of each crowd, unless a health fact speaks against `rule` there or for the whole
    /// site. Facts are asked only where there would be a charge.
    fn of_crowds(scene: &Scene<'_>, rule: &str, charge: impl Fn(&Crowd) -> Option<Charge>) -> Self {
        let mut opinion = Self::default();
        for crowd in scene.crowds {
            let Some(charge) = charge(crowd) else { continue };
            let defence = health::of_site(scene, rule, Trends::Void)
                .or_else(|| health::of_crowd(scene, crowd, rule, Trends::Void));
            match defence {
                Some(defence) => opinion.silenced_by = opinion.silenced_by.or(Some(defence)),
                None => opinion.charges.push(charge),
            }
        }
        opinion
    }
}

/// A rule: what it is, and its condition.
pub(crate) struct Rule {
    pub doc: RuleDoc,
    pub condition: fn(&Scene<'_>) -> Opinion,
}

/// The rules of this build, surest first, and among equally sure ones the one that explains most first.
///
/// Several rules often accuse the same tasks: a task that ignores its cancellation is a survivor as well.
/// A reader gets one row for a site and park point. It belongs to the surest confirmed charge, and among
/// equals to the first in this list: one that names a cause (who was told to stop, which queue is full)
/// comes before one that names a symptom (survivors, growth). The others become its evidence.
pub(crate) const ALL: &[&Rule] = &[
    &lost_waker::RULE,
    &lock_cycle::RULE,
    &futurelock::RULE,
    &closed_world::RULE,
    &unscheduled::RULE,
    &zombie_memory::RULE,
    &blocked::RULE,
    &join_cycle::RULE,
    &cancelled::RULE,
    &stalled_sender::RULE,
    &holder_unknown::RULE,
    &drained::RULE,
    &wait_short::RULE,
    &spawned_on_drop::RULE,
    &spinning::RULE,
    &stuck_blocking::RULE,
    &leaked_ticker::RULE,
    &waker_gone::RULE,
    &no_deadline::RULE,
    &outlived::RULE,
    &survivors::RULE,
    &growth::RULE,
    &parked_until_aborted::RULE,
    &no_verdict::RULE,
    &self_waker::RULE,
    &old_keep_alive::RULE,
    &far_timer::RULE,
    &nearly_full::RULE,
    &slow::RULE,
    &big::RULE,
];

/// The rule that victims stand under.
pub(crate) const BLOCKED: &RuleDoc = &blocked::RULE.doc;

impl Rule {
    pub(crate) fn id(&self) -> RuleId {
        RuleId(self.doc.id)
    }
}

/// Whether a rule rests on the number of a task's wakers: where that is wrong for too many, it may be so for any.
pub(crate) fn counts_wakers(rule: &Rule) -> bool {
    rule.doc.id == "P1" || reads_the_wait_graph(rule)
}

/// Whether a rule rests on who waits for whom, which must be of one moment.
pub(crate) fn reads_the_wait_graph(rule: &Rule) -> bool {
    matches!(rule.doc.id, "P2" | "P3" | "P4" | "P5" | "P6")
}

/// All rules, surest first.
pub fn all() -> impl Iterator<Item = &'static RuleDoc> {
    ALL.iter().map(|rule| &rule.doc)
}

/// The rule with that id, in either case.
pub fn explain(id: &str) -> Option<&'static RuleDoc> {
    all().find(|doc| doc.id.eq_ignore_ascii_case(id.trim()))
}

/// "All 36 wait in oneshot recv at src/cache.rs:95 (`claim`); the oldest has been parked for 41m07s."
fn where_they_wait(crowd: &Crowd, affected: u64, oldest: Duration) -> String {
    let who = match affected {
        1 => "It".to_owned(),
        2 => "Both".to_owned(),
        n => format!("All {}", words::count(n)),
    };
    let oldest = if affected == 1 {
        format!("parked for {}", words::duration(oldest))
    } else {
        format!("the oldest has been parked for {}", words::duration(oldest))
    };
    match &crowd.point {
        Some(point) if point.current => {
            format!(
                "{who} {} in {}; {oldest}.",
                words::agree(affected, "waits", "wait"),
                words::place(point)
            )
        }
        Some(point) => {
            format!("{who} last registered a waker in {}; {oldest}.", words::place(point))
        }
        None if crowd.unresolved => format!(
            "Where {} not resolved yet; {oldest}.",
            words::agree(affected, "it waits is", "they wait is")
        ),
        None => format!(
            "Where {} unknown; {oldest}.",
            words::agree(affected, "it waits is", "they wait is")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_in_either_case() {
        assert_eq!(explain(" l1 ").map(|doc| doc.title), Some("survivors"));
        assert_eq!(explain("L99"), None);
    }

    #[test]
    fn rules_and_health_facts_agree_on_who_silences_whom() {
        for rule in all() {
            let by: Vec<_> = health::all()
                .filter(|fact| fact.silences.contains(&rule.id))
                .map(|fact| fact.id)
                .collect();
            assert_eq!(by, rule.silenced_by, "{}", rule.id);
        }
    }

    #[test]
    fn every_page_is_filled_in() {
        for doc in all() {
            for text in [
                doc.title,
                doc.meaning,
                doc.condition,
                doc.reason,
                doc.example,
                doc.fix,
                doc.limits,
            ] {
                assert!(!text.is_empty(), "{}", doc.id);
            }
        }
    }
}
