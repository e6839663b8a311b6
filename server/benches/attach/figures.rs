//! The figures of all rounds, as a table.

use std::collections::HashMap;
use std::fmt;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Figure {
    /// From nothing to the first complete census in a model.
    First,
    /// From that to the first report.
    Judged,
    /// Both.
    Useful,
    /// From nothing to the names of every place.
    Named,
    Bytes,
    LargestMessage,
    /// The agent's share of one core while nobody is attached.
    Alone,
    /// The same with one viewer, an update a second.
    Watched,
    /// Of the whole process.
    Resident,
}

impl Figure {
    const ALL: [Self; 9] = [
        Self::First,
        Self::Judged,
        Self::Useful,
        Self::Named,
        Self::Bytes,
        Self::LargestMessage,
        Self::Alone,
        Self::Watched,
        Self::Resident,
    ];

    /// Name, unit and digits.
    fn shown(self) -> (&'static str, &'static str, usize) {
        match self {
            Self::First => ("first complete census applied", "ms", 0),
            Self::Judged => ("review and judge", "ms", 1),
            Self::Useful => ("**attach to first report**", "ms", 0),
            Self::Named => ("attach to every place named", "ms", 0),
            Self::Bytes => ("sent for it", "KiB", 0),
            Self::LargestMessage => ("largest message", "KiB", 0),
            Self::Alone => ("agent, nobody attached", "% of a core", 2),
            Self::Watched => ("agent, one viewer at 1 Hz", "% of a core", 2),
            Self::Resident => ("resident memory of the process", "MiB", 0),
        }
    }
}

/// Figures by crowd and kind, one for each round.
#[derive(Debug)]
pub(crate) struct Figures {
    crowds: Vec<usize>,
    all: HashMap<(usize, Figure), Vec<f64>>,
}

impl Figures {
    pub(crate) fn of(crowds: &[usize]) -> Self {
        Self { crowds: crowds.to_vec(), all: HashMap::new() }
    }

    pub(crate) fn add(&mut self, count: usize, figure: Figure, value: f64) {
        self.all.entry((count, figure)).or_default().push(value);
    }

    /// "76 (74-81) ms": the median, and between which figures it lies.
    fn spread(&self, count: usize, figure: Figure) -> String {
        let (_, unit, digits) = figure.shown();
        let mut sorted = self.all.get(&(count, figure)).cloned().unwrap_or_default();
        sorted.sort_by(f64::total_cmp);
        match sorted.as_slice() {
            [] => "none".to_owned(),
            [only] => format!("{only:.digits$} {unit}"),
            [low, .., high] => {
                let median = sorted[sorted.len() / 2];
                format!("{median:.digits$} ({low:.digits$}-{high:.digits$}) {unit}")
            }
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads: Vec<_> = self.crowds.iter().map(|count| format!("{count} tasks")).collect();
        writeln!(f, "Median of the rounds (least-most).\n")?;
        writeln!(f, "| live tasks | {} |", heads.join(" | "))?;
        writeln!(f, "| --- |{}", " ---: |".repeat(heads.len()))?;
        for figure in Figure::ALL {
            let cells: Vec<_> =
                self.crowds.iter().map(|count| self.spread(*count, figure)).collect();
            writeln!(f, "| {} | {} |", figure.shown().0, cells.join(" | "))?;
        }
        Ok(())
    }
}
