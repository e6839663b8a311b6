//! The programs on the pages of the rules: a minimal one that leaks, and what ends it.
//!
//! `server/tests/snippets.rs` compiles them.

/// The program for the rule with that id, in upper case.
pub(super) fn of(id: &str) -> Option<&'static str> {
    PROGRAMS.iter().find(|(rule, _)| *rule == id).map(|(_, text)| *text)
}

macro_rules! programs {
    ($($id:literal $file:literal,)*) => {
        const PROGRAMS: &[(&str, &str)] =
            &[$(($id, include_str!(concat!("../../snippets/", $file, ".rs"))),)*];
    };
}

programs! {
    "P1" "p1",
    "P2" "p2",
    "P3" "p3",
    "P4" "p4",
    "P5" "p5",
    "P6" "p6",
    "P7" "p7",
    "P8" "p8",
    "L1" "l1",
    "L2" "l2",
    "L3" "l3",
    "L4" "l4",
    "L5" "l5",
    "L6" "l6",
    "L7" "l7",
    "L8" "l8",
    "L9" "l9",
    "L10" "l10",
    "L11" "l11",
    "L12" "l12",
    "L13" "l13",
    "L14" "l14",
    "W1" "w1",
    "W2" "w2",
    "W3" "w3",
    "W4" "w4",
    "W5" "w5",
    "W6" "w6",
    "W7" "w7",
    "W8" "w8",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn every_rule_has_a_program_that_leaks_and_one_that_does_not() {
        for doc in rules::all() {
            let program = of(doc.id).unwrap_or_else(|| panic!("{} has none", doc.id));
            assert!(program.contains("leaking") && program.contains("fn fixed"), "{}", doc.id);
            assert!(program.lines().all(|line| line.chars().count() <= 78), "{}", doc.id);
        }
    }
}
