//! The folder in which the application was compiled, so that its files can be shown relative to it.

use super::source::lexical;

/// Folders in front of the user's files.
///
/// Debug information has absolute paths, spawn sites have paths relative to the folder in which the
/// compiler ran. A file that appears in both tells that folder; so does, less surely, another file
/// of the same folder or below it.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// Relative paths seen at spawn sites.
    spawn_sites: Vec<String>,
    /// Folders that a common file told, with a slash at the end.
    certain: Vec<String>,
    /// Folders that a common folder told, the shortest first.
    likely: Vec<String>,
}

/// More spawn site files than this teach nothing new.
const MOST_SPAWN_SITES: usize = 256;
/// An application is compiled in a few folders at most.
const MOST_FOLDERS: usize = 16;

impl Roots {
    /// Takes note of a spawn site's file.
    pub(super) fn note(&mut self, spawn_site_file: &str) {
        let file = lexical(spawn_site_file);
        let relative = !file.is_empty() && !file.starts_with('/');
        if relative && self.spawn_sites.len() < MOST_SPAWN_SITES {
            self.spawn_sites.push(file.into_owned());
            self.spawn_sites.dedup();
        }
    }

    /// Learns from an absolute path of the user's code.
    pub(super) fn learn(&mut self, absolute: &str) {
        let sites = &self.spawn_sites;
        remember(&mut self.certain, absolute, sites.iter().filter_map(|file| same(absolute, file)));
        let folders = sites.iter().filter_map(|file| Some(file.rsplit_once('/')?.0));
        remember(&mut self.likely, absolute, folders.filter_map(|folder| around(absolute, folder)));
        self.likely.sort_by_key(String::len);
    }

    /// The path as a spawn site would spell it, as far as known.
    pub(super) fn relative<'a>(&self, absolute: &'a str) -> &'a str {
        self.certain
            .iter()
            .chain(&self.likely)
            .find_map(|folder| absolute.strip_prefix(folder.as_str()))
            .or_else(|| {
                let current = std::env::current_dir().ok()?;
                absolute.strip_prefix(current.to_str()?)?.strip_prefix('/')
            })
            .unwrap_or(absolute)
    }
}

/// Keeps the shortest of the folders in front of `absolute`, unless a known one is in front of it too.
fn remember<'a>(known: &mut Vec<String>, absolute: &str, found: impl Iterator<Item = &'a str>) {
    let is_known = known.iter().any(|folder| absolute.starts_with(folder.as_str()));
    if !is_known && known.len() < MOST_FOLDERS {
        known.extend(found.min_by_key(|folder| folder.len()).map(str::to_owned));
    }
}

/// The folder in front of `absolute` if that is `file`.
fn same<'a>(absolute: &'a str, file: &str) -> Option<&'a str> {
    absolute.strip_suffix(file).filter(|folder| folder.ends_with('/'))
}

/// The folder in front of `absolute` if that is in `folder`.
fn around<'a>(absolute: &'a str, folder: &str) -> Option<&'a str> {
    let at = absolute.rfind(&format!("/{folder}/"))?;
    Some(&absolute[..=at])
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
        assert_eq!(roots.relative("/build/payments/a/src/b.rs"), "a/src/b.rs");
        assert_eq!(roots.relative("/build/elsewhere/src/a.rs"), "/build/elsewhere/src/a.rs");
    }

    #[test]
    fn a_neighbour_of_a_spawn_site_tells_it_too_until_the_file_itself_does() {
        let mut roots = Roots::default();
        roots.note("src/main.rs");
        roots.learn("/build/payments/member/src/pool/claim.rs");
        assert_eq!(roots.relative("/build/payments/member/src/a.rs"), "src/a.rs");
        roots.learn("/build/payments/src/main.rs");
        assert_eq!(roots.relative("/build/payments/src/a.rs"), "src/a.rs");
        assert_eq!(roots.relative("/build/payments/member/src/a.rs"), "member/src/a.rs");
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
