//! `--sort`: a column by its name, with a minus for smallest first.

use stranded_analysis::facts::{Sort, TaskColumn};

use crate::app::SiteColumn;
use crate::cli::nearest;
use crate::link::event::Problem;

/// An order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order<Column> {
    pub(super) column: Column,
    pub(super) descending: bool,
}

/// The columns of sites by name.
const SITES: [(&str, SiteColumn); 10] = [
    ("verdict", SiteColumn::Verdict),
    ("site", SiteColumn::Site),
    ("live", SiteColumn::Live),
    ("growth", SiteColumn::Growth),
    ("spawned", SiteColumn::Spawned),
    ("ended", SiteColumn::Ended),
    ("oldest", SiteColumn::Oldest),
    ("parked", SiteColumn::Parked),
    ("p99", SiteColumn::P99),
    ("waits", SiteColumn::Waits),
];

impl Order<SiteColumn> {
    /// The order of sites that `sort` names; worst first if it names none.
    pub(super) fn of_sites(sort: Option<&str>) -> Result<Self, Problem> {
        let Some(sort) = sort else {
            return Ok(Self { column: SiteColumn::Verdict, descending: true });
        };
        let (name, descending) = split(sort);
        let names: Vec<_> = SITES.iter().map(|known| known.0).collect();
        let found =
            SITES.iter().find(|known| known.0 == name).ok_or_else(|| unknown(name, &names))?;
        // Text reads from a to z unless asked otherwise.
        let text = matches!(found.1, SiteColumn::Site | SiteColumn::Waits);
        Ok(Self { column: found.1, descending: descending != text })
    }
}

/// The order of tasks that `sort` names; longest parked first if it names none.
pub(super) fn of_tasks(sort: Option<&str>) -> Result<Sort, Problem> {
    let Some(sort) = sort else {
        return Ok(Sort { column: TaskColumn::Parked, descending: true });
    };
    let (name, descending) = split(sort);
    let names: Vec<_> = TaskColumn::ALL.iter().map(|known| known.name()).collect();
    let column = TaskColumn::parse(name).ok_or_else(|| unknown(name, &names))?;
    let text =
        matches!(column, TaskColumn::Site | TaskColumn::Name | TaskColumn::State | TaskColumn::Id);
    Ok(Sort { column, descending: descending != text })
}

/// The name, and whether the largest come first.
fn split(sort: &str) -> (&str, bool) {
    sort.strip_prefix('-').map_or((sort, true), |name| (name, false))
}

fn unknown(name: &str, names: &[&str]) -> Problem {
    let meant = nearest(name, names.iter().copied())
        .map_or_else(String::new, |name| format!("did you mean `{name}`? "));
    Problem {
        what: format!("There is no column `{name}` to sort by"),
        hint: format!("{meant}The columns are {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_largest_first_and_text_from_a_to_z() {
        let sites =
            |sort| Order::of_sites(Some(sort)).map(|order| (order.column, order.descending));
        assert_eq!(sites("live"), Ok((SiteColumn::Live, true)));
        assert_eq!(sites("-live"), Ok((SiteColumn::Live, false)));
        assert_eq!(sites("site"), Ok((SiteColumn::Site, false)));
        assert_eq!(sites("-site"), Ok((SiteColumn::Site, true)));
        for column in TaskColumn::ALL {
            assert_eq!(of_tasks(Some(column.name())).unwrap().column, column);
        }
    }

    #[test]
    fn an_unknown_column_is_refused_with_the_known_ones() {
        let problem = Order::of_sites(Some("lives")).unwrap_err();
        assert!(problem.hint.starts_with("did you mean `live`?"), "{problem:?}");
        let problem = of_tasks(Some("weight")).unwrap_err();
        assert!(problem.hint.contains("parked, polls"), "{problem:?}");
    }
}
