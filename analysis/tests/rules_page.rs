//! `docs/RULES.md` says what the rules say of themselves.
//!
//! After a change of a rule, or of the program on its page, write the document anew:
//!
//! ```text
//! STRANDED_WRITE_GENERATED=1 cargo test -p stranded-analysis --test rules_page
//! ```

use std::fmt::Write;
use std::fs;
use std::path::Path;

use stranded_analysis::health::{self, HealthDoc};
use stranded_analysis::rules::{self, RuleDoc};

const INTRODUCTION: &str = "\
# Rules

How `stranded` decides that a task leaks. This page is generated from the rules' own source
(`STRANDED_WRITE_GENERATED=1 cargo test -p stranded-analysis --test rules_page`); `stranded explain RULE` prints one of
them.

- **Proven**: the tasks cannot run again unless somebody aborts them. **Likely**: they grow, or break an expectation of
  their site. **Watch**: odd, but not accused.
- How long a task has been parked is not the signal: that accuses accept loops and misses leaked tickers. Tasks are
  compared with the ended tasks of their own spawn site, its *norm*.
- Each threshold is a field of `Policy` (`analysis/src/policy.rs`). `T x the 99th percentile` reads the norm from a
  histogram whose buckets are up to 25 % wide, and always to the side that accuses less.
- A rule whose facts are missing is off, and every report lists it.
- One row for a site and park point. It belongs to the surest confirmed rule; among equally sure ones to the first in the
  table below, since a rule that names a cause (who was told to stop, which queue is full) says more than one that names
  a symptom (survivors, growth). What the others say becomes its evidence.
- *Health facts* speak for tasks: they silence the rules they list, and no others. A significant growth voids H1, H2,
  H6 and H10: a leak inside a pool is a leak. Where the facts that one of them needs are missing, the rules it could
  silence only watch: nobody is accused whom nothing could speak for.
";

#[test]
fn the_page_is_what_the_rules_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/RULES.md");
    let fresh = page();
    if std::env::var_os("STRANDED_WRITE_GENERATED").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == fresh,
        "docs/RULES.md is stale; run STRANDED_WRITE_GENERATED=1 cargo test -p stranded-analysis --test rules_page",
    );
}

#[test]
fn the_programs_on_the_pages_are_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compiled = fs::read_to_string(root.join("../server/tests/snippets.rs")).unwrap();
    for doc in rules::all() {
        let file = format!("analysis/snippets/{}.rs", doc.id.to_lowercase());
        assert!(compiled.contains(&file), "server/tests/snippets.rs does not compile {file}");
    }
}

fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n| rule | class | what it finds | silenced by |\n|---|---|---|---|\n");
    for doc in rules::all() {
        let _ = writeln!(
            text,
            "| [{}](#{}) | {} | {} | {} |",
            doc.id,
            anchor(doc.id, doc.title),
            doc.class.name(),
            doc.title,
            or_nothing(doc.silenced_by)
        );
    }
    text.push_str("\n| health fact | | silences |\n|---|---|---|\n");
    for doc in health::all() {
        let _ = writeln!(
            text,
            "| [{}](#{}) | {} | {} |",
            doc.id,
            anchor(doc.id, doc.title),
            doc.title,
            or_nothing(doc.silences)
        );
    }
    text.extend(rules::all().map(rule));
    text.extend(health::all().map(fact));
    text
}

fn rule(doc: &RuleDoc) -> String {
    let needs: Vec<&str> = doc.needs.iter().map(|cap| cap.name()).collect();
    let mut text = format!("\n## {} {}\n\n{}\n", doc.id, doc.title, doc.meaning);
    let mut paragraph = |heading: &str, body: &str| {
        let _ = write!(text, "\n**{heading}.** {body}\n");
    };
    paragraph("Condition", doc.condition);
    paragraph("Why", doc.reason);
    paragraph("Says", &format!("\u{201c}{}\u{201d}", doc.example));
    paragraph("Fix", doc.fix);
    paragraph("Can be wrong", doc.limits);
    paragraph("Silenced by", &or_nothing(doc.silenced_by));
    paragraph("Needs", &or_nothing(&needs));
    if let Some(program) = doc.program() {
        let _ = write!(text, "\n```rust\n{program}```\n");
    }
    text
}

fn fact(doc: &HealthDoc) -> String {
    format!(
        "\n## {} {}\n\n{}\n\n**Silences.** {}\n\n**Needs.** {}\n\n**Cannot know.** {}\n",
        doc.id,
        doc.title,
        doc.test,
        or_nothing(doc.silences),
        or_nothing(&doc.needs.iter().map(|cap| cap.name()).collect::<Vec<_>>()),
        doc.limits
    )
}

fn or_nothing(items: &[&str]) -> String {
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

/// The name that a heading gets on a page.
fn anchor(id: &str, title: &str) -> String {
    format!("{id} {title}")
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}
