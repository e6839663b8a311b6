//! What somebody who mistyped a word may have meant.

/// The one of `words` that is most like `typed`, if any is like it at all; case does not matter.
pub(crate) fn nearest<'a>(
    typed: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&typed, &word.to_lowercase()), word))
        // A third of the letters may be wrong, and at least one.
        .filter(|(edits, word)| *edits <= (word.len() / 3).max(1))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_nonsense_is_not() {
        let words = ["check", "list", "doctor", "P1", "L1", "L2"];
        for (typed, meant) in [
            ("chekc", Some("check")),
            ("Doctr", Some("doctor")),
            ("p1", Some("P1")),
            ("l2", Some("L2")),
            ("orders", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, words), meant, "{typed}");
        }
    }
}
