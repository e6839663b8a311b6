//! Health facts: what speaks for a site, and which rules it silences.
//!
//! A health fact never speaks against a proof, nor for a rule that does not list it.

mod aborted;
mod constant;
mod entrance;
mod keep_alive;
mod owned;
mod resident;
mod responsive;
mod stream;
mod ticker;
mod timer;

use crate::facts::Cap;
use crate::park::Crowd;
use crate::scene::Scene;

/// What `stranded explain` tells of a health fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthDoc {
    /// Its id: `H5`.
    pub id: &'static str,
    /// Its short name: "entrance".
    pub title: &'static str,
    /// When it holds.
    pub test: &'static str,
    /// The facts without which it cannot be asked. A rule that it could silence then only watches.
    pub needs: &'static [Cap],
    /// The rules it silences.
    pub silences: &'static [&'static str],
    /// What it cannot know yet, and what it does instead.
    pub limits: &'static str,
}

/// A health fact that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Defence {
    pub id: &'static str,
    /// A full sentence.
    pub sentence: String,
}

impl Defence {
    /// How a report prints it: "H5: An entrance: ...".
    pub(crate) fn text(&self) -> String {
        format!("{}: {}", self.id, self.sentence)
    }
}

/// A health fact: what it is, and the sentence that says why it holds, if it does.
pub(crate) struct HealthFact {
    pub doc: HealthDoc,
    test: Test,
    /// Whether a significant trend voids it: a leak inside a pool is a leak.
    void_by_trend: bool,
}

enum Test {
    OfSite(fn(&Scene<'_>) -> Option<String>),
    OfCrowd(fn(&Scene<'_>, &Crowd) -> Option<String>),
}

const ALL: [&HealthFact; 10] = [
    &resident::FACT,
    &constant::FACT,
    &ticker::FACT,
    &responsive::FACT,
    &entrance::FACT,
    &keep_alive::FACT,
    &timer::FACT,
    &owned::FACT,
    &aborted::FACT,
    &stream::FACT,
];

/// All health facts, in the order of their ids.
pub fn all() -> impl Iterator<Item = &'static HealthDoc> {
    ALL.iter().map(|fact| &fact.doc)
}

/// The health fact with that id, in either case.
pub fn explain(id: &str) -> Option<&'static HealthDoc> {
    all().find(|doc| doc.id.eq_ignore_ascii_case(id.trim()))
}

/// Whether a rule heeds the trend: growth itself is no objection to H6 where growth is the accusation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trends {
    /// A significant trend voids H1, H2, H6 and H10.
    Void,
    /// They count in spite of a trend.
    Ignored,
}

/// The first fact of the whole site that speaks against `rule`.
pub(crate) fn of_site(scene: &Scene<'_>, rule: &str, trends: Trends) -> Option<Defence> {
    facts_against(rule, scene, trends).find_map(|fact| match fact.test {
        Test::OfSite(test) => Some(Defence { id: fact.doc.id, sentence: test(scene)? }),
        Test::OfCrowd(_) => None,
    })
}

/// The first fact of one crowd that speaks against `rule`.
pub(crate) fn of_crowd(
    scene: &Scene<'_>,
    crowd: &Crowd,
    rule: &str,
    trends: Trends,
) -> Option<Defence> {
    facts_against(rule, scene, trends).find_map(|fact| match fact.test {
        Test::OfSite(_) => None,
        Test::OfCrowd(test) => Some(Defence { id: fact.doc.id, sentence: test(scene, crowd)? }),
    })
}

/// H7 against L3: a timer that is known to be due soon. One that is only seen on a stack does not count there.
pub(crate) fn timer_due_soon(scene: &Scene<'_>, crowd: &Crowd) -> Option<Defence> {
    Some(Defence { id: timer::FACT.doc.id, sentence: timer::due_soon(scene, crowd)? })
}

fn facts_against<'a>(
    rule: &'a str,
    scene: &'a Scene<'_>,
    trends: Trends,
) -> impl Iterator<Item = &'static HealthFact> + 'a {
    ALL.into_iter().filter(move |fact| {
        let void = || fact.void_by_trend && trends == Trends::Void && scene.excess().is_some();
        fact.doc.silences.contains(&rule) && !void()
    })
}

/// What speaks for a site that no rule accuses: the first fact that holds for all of it.
pub(crate) fn of_all(scene: &Scene<'_>) -> Option<Defence> {
    let of_site = ALL.iter().find_map(|fact| match fact.test {
        Test::OfSite(test) if fact.doc.id != "H9" => {
            Some(Defence { id: fact.doc.id, sentence: test(scene)? })
        }
        _ => None,
    });
    of_site.or_else(|| {
        let crowd = scene.crowds.first()?;
        let most = crowd.parked as f64 >= scene.policy.one_place * scene.site.live as f64;
        let fact = ALL.iter().find_map(|fact| match fact.test {
            Test::OfCrowd(test) => Some(Defence { id: fact.doc.id, sentence: test(scene, crowd)? }),
            Test::OfSite(_) => None,
        });
        fact.filter(|_| most)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_and_found_in_either_case() {
        let ids: Vec<_> = all().map(|doc| doc.id).collect();
        assert_eq!(ids, ["H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8", "H9", "H10"]);
        assert_eq!(explain("h5").map(|doc| doc.title), Some("entrance"));
        assert_eq!(explain("H0"), None);
    }

    #[test]
    fn no_health_fact_silences_a_proof_except_by_its_history_of_aborts() {
        for doc in all() {
            let proofs: Vec<_> = doc.silences.iter().filter(|rule| rule.starts_with('P')).collect();
            assert!(proofs.is_empty() || doc.id == "H9", "{doc:?}");
        }
    }
}
