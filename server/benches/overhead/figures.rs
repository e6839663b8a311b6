//! The figures of all rounds, as tables.

use std::collections::HashMap;
use std::fmt;

use crate::configuration::Configuration;
use crate::workload::Workload;

/// Figures by workload and configuration, one for each round.
#[derive(Debug, Default)]
pub(crate) struct Figures(HashMap<(&'static str, &'static str), Vec<f64>>);

impl Figures {
    pub(crate) fn add(&mut self, workload: Workload, configuration: Configuration, figure: f64) {
        self.0.entry((workload.name(), configuration.name())).or_default().push(figure);
    }

    fn of(&self, workload: Workload, configuration: Configuration) -> &[f64] {
        self.0.get(&(workload.name(), configuration.name())).map_or(&[], Vec::as_slice)
    }

    /// What `configuration` adds to `off`, round by round.
    fn added(&self, workload: Workload, configuration: Configuration) -> Vec<f64> {
        each(self.of(workload, configuration), self.of(workload, Configuration::Off), |all, off| {
            all - off
        })
    }
}

/// `combine` of the figures of each round.
fn each(one: &[f64], other: &[f64], combine: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| combine(*one, *other)).collect()
}

/// "76 (74-81)": the median, and between which figures it lies.
fn spread(figures: &[f64], digits: usize) -> String {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.as_slice() {
        [] => "none".to_owned(),
        [only] => format!("{only:.digits$}"),
        [low, .., high] => {
            let median = sorted[sorted.len() / 2];
            format!("{median:.digits$} ({low:.digits$}-{high:.digits$})")
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, watched) = (&Configuration::ALL[..], &Configuration::ALL[1..]);
        writeln!(f, "Median of the rounds (least-most).\n")?;
        table(f, "one, in all", all, |workload, configuration| {
            format!("{} {}", spread(self.of(workload, configuration), 0), workload.unit())
        })?;
        table(f, "all ÷ off", watched, |workload, configuration| {
            let off = self.of(workload, Configuration::Off);
            spread(&each(self.of(workload, configuration), off, |all, off| all / off), 2)
        })?;
        table(f, "added", watched, |workload, configuration| {
            format!("{} {}", spread(&self.added(workload, configuration), 0), workload.unit())
        })?;
        for (title, base) in
            [("added ÷ console's", Configuration::Console), ("added ÷ bare's", Configuration::Bare)]
        {
            let others: Vec<_> = watched.iter().copied().filter(|other| *other != base).collect();
            table(f, title, &others, |workload, configuration| {
                let base = self.added(workload, base);
                // A ratio to what cannot be told from nothing says nothing.
                if base.iter().any(|added| *added < 1.0) {
                    return "none to tell".to_owned();
                }
                let added = self.added(workload, configuration);
                spread(&each(&added, &base, |added, base| added / base), 3)
            })?;
        }
        Ok(())
    }
}

/// A table with a row for each workload and a column for each of `configurations`.
fn table(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    configurations: &[Configuration],
    cell: impl Fn(Workload, Configuration) -> String,
) -> fmt::Result {
    let mut row =
        |first: &str, cells: Vec<String>| writeln!(f, "| {first} | {} |", cells.join(" | "));
    row(title, configurations.iter().map(ToString::to_string).collect())?;
    row("---", configurations.iter().map(|_| "---:".to_owned()).collect())?;
    for workload in Workload::ALL {
        row(workload.name(), configurations.iter().map(|other| cell(workload, *other)).collect())?;
    }
    writeln!(f)
}
