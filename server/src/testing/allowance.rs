//! Tasks that may stay, by spawn site.

use stranded_analysis::allow::Glob;
use stranded_analysis::facts::SpawnSite;

/// Up to so many tasks of the matching sites may stay.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    /// The pattern, and the same below any folder.
    patterns: [Glob; 2],
    most: u64,
}

impl Allowance {
    pub(super) fn new(pattern: &str, most: u64) -> Self {
        Self { patterns: [pattern.to_owned(), format!("*/{pattern}")].map(Glob::new), most }
    }

    /// Whether the site's tasks are meant: its file, file and line, or name.
    fn means(&self, site: &SpawnSite) -> bool {
        let SpawnSite { file, line, column, name, .. } = site;
        let places = [file.clone(), format!("{file}:{line}"), format!("{file}:{line}:{column}")];
        let [whole, below] = &self.patterns;
        whole.matches(name)
            || places.iter().any(|place| whole.matches(place) || below.matches(place))
    }
}

/// Lets tasks stay as long as the allowances last.
#[derive(Debug)]
pub(super) struct Budget<'a>(Vec<(&'a Allowance, u64)>);

impl<'a> Budget<'a> {
    pub(super) fn of(allowances: &'a [Allowance]) -> Self {
        Self(allowances.iter().map(|allowance| (allowance, allowance.most)).collect())
    }

    /// Whether all `live` tasks of the site may stay.
    pub(super) fn covers(&mut self, site: &SpawnSite, live: u64) -> bool {
        let meant =
            |(allowance, left): &&mut (&Allowance, u64)| *left >= live && allowance.means(site);
        let Some((_, left)) = self.0.iter_mut().find(meant) else {
            return false;
        };
        *left -= live;
        true
    }
}

#[cfg(test)]
mod tests {
    use stranded_analysis::facts::TaskKind;

    use super::*;

    fn site() -> SpawnSite {
        SpawnSite {
            file: "crates/hub/src/hub.rs".to_owned(),
            line: 88,
            column: 9,
            name: "conn-#".to_owned(),
            kind: TaskKind::Task,
        }
    }

    #[test]
    fn a_pattern_names_a_site_by_file_line_or_name() {
        for (pattern, meant) in [
            ("crates/hub/src/hub.rs:88", true),
            ("src/hub.rs:88", true),
            ("hub.rs", true),
            ("src/hub.rs:*", true),
            ("src/*", true),
            ("conn-*", true),
            ("hub.rs:88:9", true),
            ("hub.rs:8", false),
            ("hub.rs:89", false),
            ("b.rs", false),
            ("hub", false),
            ("", false),
        ] {
            assert_eq!(Allowance::new(pattern, 1).means(&site()), meant, "{pattern}");
        }
    }

    #[test]
    fn a_budget_is_for_all_matching_sites_together() {
        let allowances = [Allowance::new("hub.rs", 3), Allowance::new("conn-*", 1)];
        let mut budget = Budget::of(&allowances);
        assert!(budget.covers(&site(), 2));
        assert!(!budget.covers(&site(), 2), "one is left of three, and one by name");
        assert!(budget.covers(&site(), 1));
        assert!(budget.covers(&site(), 1), "by its name");
        assert!(!budget.covers(&site(), 1));
    }
}
