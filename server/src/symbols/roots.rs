//! The folder in which the application was compiled, so that its files can be shown relative to it.

use super::source::lexical;

/// Folders in front of the user's files.
///
/// Debug information has absolute paths, spawn sites have paths relative to the folder in which the
/// compiler ran. A file that appears in both tells that folder.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// Relative paths seen at spawn sites, each with a slash in front.
    spawn_sites: Vec<String>,
    /// Folders with a slash at the end, the longest first.
    folders: Vec<String>,
}

/// More spawn site files than this teach nothing new.
const MOST_SPAWN_SITES: usize = 256;
/// An application is compiled in a few folders at most.
const MOST_FOLDERS: usize = 16;

impl Roots {
    /// Takes note of a spawn site's file.
    pub(super) fn note(&mut self, spawn_site_file: &str) {
        let file = lexical(spawn_site_file);
        if file.is_empty() || file.starts_with('/') || self.spawn_sites.len() >= MOST_SPAWN_SITES {
            return;
        }
        let suffix = format!("/{file}");
        if !self.spawn_sites.contains(&suffix) {
            self.spawn_sites.push(suffix);
        }
    }

    /// Learns from an absolute path of the user's code.
    pub(super) fn learn(&mut self, absolute: &str) {
        let known = |folder: &String| absolute.starts_with(folder.as_str());
        if self.folders.len() >= MOST_FOLDERS || self.folders.iter().any(known) {
            return;
        }
        let suffix = self.spawn_sites.iter().find(|suffix| absolute.ends_with(suffix.as_str()));
        if let Some(suffix) = suffix {
            self.folders.push(absolute[..=absolute.len() - suffix.len()].to_owned());
            self.folders.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
        }
    }

    /// The path as a spawn site would spell it, as far as known.
    pub(super) fn relative<'a>(&self, absolute: &'a str) -> &'a str {
        self.folders
            .iter()
            .find_map(|folder| absolute.strip_prefix(folder.as_str()))
            .or_else(|| {
                let current = std::env::current_dir().ok()?;
                absolute.strip_prefix(current.to_str()?)?.strip_prefix('/')
            })
            .unwrap_or(absolute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spawn_site_tells_the_folder_of_all_files() {
        let mut roots = Roots::default();
        let absolute = "/build/payments/server/src/pool.rs";
        assert_eq!(roots.relative(absolute), absolute);
        roots.note("server/src/main.rs");
        roots.learn("/build/payments/other-server/src/main.rs");
        assert_eq!(roots.relative(absolute), absolute, "part of a folder's name is no folder");
        roots.learn("/build/payments/server/src/main.rs");
        assert_eq!(roots.relative(absolute), "server/src/pool.rs");
        assert_eq!(roots.relative("/build/elsewhere/src/a.rs"), "/build/elsewhere/src/a.rs");
    }

    #[test]
    fn the_current_folder_is_the_last_resort() {
        let inside = std::env::current_dir().unwrap().join("src/lib.rs");
        assert_eq!(Roots::default().relative(inside.to_str().unwrap()), "src/lib.rs");
    }

    #[test]
    fn absolute_and_empty_spawn_sites_teach_nothing() {
        let mut roots = Roots::default();
        roots.note("");
        roots.note("/abs/src/main.rs");
        roots.learn("/abs/src/main.rs");
        assert_eq!(roots.relative("/abs/src/main.rs"), "/abs/src/main.rs");
    }
}
