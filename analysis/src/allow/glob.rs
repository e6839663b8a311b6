//! Patterns in which `*` stands for any text and `?` for any character.

/// A pattern. `*` also crosses the `/` of paths: `src/*` is everything below `src`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// The pattern that `pattern` spells; every text is one.
    pub fn new(pattern: String) -> Self {
        Self(pattern)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole `text` is as the pattern says. At most the product of both lengths in steps.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text): (Vec<char>, Vec<char>) =
            (self.0.chars().collect(), text.chars().collect());
        let (mut p, mut t) = (0, 0);
        // Where the latest `*` is, and up to where it reaches so far.
        let mut star = None;
        while t < text.len() {
            match pattern.get(p) {
                Some('*') => {
                    star = Some((p, t));
                    p += 1;
                }
                Some(&c) if c == '?' || c == text[t] => {
                    p += 1;
                    t += 1;
                }
                _ => {
                    let Some((at, reach)) = star else { return false };
                    star = Some((at, reach + 1));
                    p = at + 1;
                    t = reach + 1;
                }
            }
        }
        pattern[p..].iter().all(|&c| c == '*')
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("src/hub.rs:*", "src/hub.rs:12:5", true)]
    #[case("src/hub.rs:*", "src/hub.rs", false)]
    #[case("*", "", true)]
    #[case("", "", true)]
    #[case("", "a", false)]
    #[case("a", "", false)]
    #[case("*hub*", "crates/net/src/hub.rs:3", true)]
    #[case("src/*.rs", "src/net/hub.rs", true)]
    #[case("src/*.rs", "src/net/hub.rs:3", false)]
    #[case("shard-?", "shard-#", true)]
    #[case("shard-?", "shard-", false)]
    #[case("a*b*c", "aXbXbXc", true)]
    #[case("a*b*c", "aXbXbX", false)]
    #[case("**", "anything", true)]
    #[case("?", "é", true)]
    #[case("SRC", "src", false)]
    fn patterns(#[case] pattern: &str, #[case] text: &str, #[case] matches: bool) {
        assert_eq!(Glob::new(pattern.to_owned()).matches(text), matches);
    }

    #[test]
    fn a_pattern_of_many_stars_is_no_trap() {
        let glob = Glob::new("a*".repeat(200) + "b");
        assert!(!glob.matches(&"a".repeat(4000)));
    }
}
