//! What a program said of its tasks, by spawn site.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::truth::{Fact, Line, Place};

/// All that is true of a program's leaks.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The sites with a leak or a victim.
    pub(super) sites: BTreeMap<Place, Site>,
    /// The tasks that leak, and since when each does.
    pub(super) leaks: BTreeMap<u64, u64>,
    /// The tasks that wait for those.
    pub(super) victims: BTreeSet<u64>,
}

/// What is true of one spawn site.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// When each leak became one.
    pub(super) leaks_ms: Vec<u64>,
    /// How many wait for a leak.
    pub(super) victims: u64,
    /// Whether the leaks can be proven.
    pub(super) provable: bool,
    /// For how long the condition of their rules must have held.
    pub(super) asks_ms: u64,
    /// The rules that name the cause.
    pub(super) rules: BTreeSet<String>,
    /// The rules that may speak of what victims wait for.
    pub(super) victim_rules: BTreeSet<String>,
    /// Where those tasks wait.
    pub(super) parks: BTreeSet<Place>,
}

#[derive(Default)]
struct Task<'a> {
    site: Option<&'a Place>,
    park: Option<&'a Place>,
    leak: Option<(u64, bool, u64, &'a [String])>,
    victim: Option<&'a [String]>,
    ended: bool,
}

impl Account {
    /// Adds up what a truth file says.
    pub fn of(lines: &[Line]) -> Self {
        let mut tasks = BTreeMap::<u64, Task<'_>>::new();
        for line in lines {
            let task = tasks.entry(line.task).or_default();
            match &line.fact {
                Fact::Spawned(place) => task.site = Some(place),
                Fact::Waits(place) => task.park = Some(place),
                Fact::Leaks { provable, rules, asks_ms } => {
                    task.leak.get_or_insert((line.at_ms, *provable, *asks_ms, rules));
                }
                Fact::Victim { rules } => task.victim = Some(rules),
                Fact::Ended => task.ended = true,
            }
        }
        let mut account = Self::default();
        for (id, task) in tasks.iter().filter(|(_, task)| !task.ended) {
            let Some(place) = task.site else { continue };
            if task.leak.is_none() && task.victim.is_none() {
                continue;
            }
            let site = account.sites.entry(place.clone()).or_default();
            if let Some((since, provable, asks_ms, rules)) = task.leak {
                site.leaks_ms.push(since);
                site.provable |= provable;
                site.asks_ms = site.asks_ms.max(asks_ms);
                site.rules.extend(rules.iter().cloned());
                account.leaks.insert(*id, since);
            } else if let Some(rules) = task.victim {
                site.victims += 1;
                site.victim_rules.extend(rules.iter().cloned());
                account.victims.insert(*id);
            }
            site.parks.extend(task.park.cloned());
        }
        account
    }
}

impl Site {
    /// Leaks that are at least `age_ms` old at `now_ms`.
    pub fn leaks_of_age(&self, age_ms: u64, now_ms: u64) -> u64 {
        self.leaks_ms.iter().filter(|&&since| since + age_ms <= now_ms).count() as u64
    }

    /// When the first leak became one.
    pub fn since_ms(&self) -> Option<u64> {
        self.leaks_ms.iter().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at_ms: u64, task: u64, fact: Fact) -> Line {
        Line { at_ms, task, fact }
    }

    #[test]
    fn what_has_ended_after_all_is_no_leak() {
        let place = Place { file: "a.rs".to_owned(), line: 7 };
        let leak = || Fact::Leaks { provable: true, rules: vec!["P1".to_owned()], asks_ms: 0 };
        let account = Account::of(&[
            line(1, 10, Fact::Spawned(place.clone())),
            line(1, 11, Fact::Spawned(place.clone())),
            line(1, 12, Fact::Spawned(place.clone())),
            line(3, 10, leak()),
            line(4, 11, leak()),
            line(5, 11, Fact::Ended),
            line(5, 12, Fact::Victim { rules: Vec::new() }),
        ]);
        let site = &account.sites[&place];
        assert_eq!((site.leaks_ms.as_slice(), site.victims), ([3].as_slice(), 1));
        assert_eq!((site.leaks_of_age(2, 5), site.leaks_of_age(3, 5)), (1, 0));
        assert!(account.leaks.contains_key(&10) && account.victims.contains(&12));
    }
}
