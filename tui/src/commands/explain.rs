//! `stranded explain`: what a rule means, when it accuses, and what to change.

use std::fmt::Write;

use clap::Args;
use stranded_analysis::health::{self, HealthDoc};
use stranded_analysis::rules::{self, RuleDoc};

use crate::cli::nearest;
use crate::exit::Exit;
use crate::link::event::Problem;
use crate::output;
use crate::text::wrap;

/// The width of a page of text.
const WIDTH: usize = 80;

/// Explain a rule or a health fact
///
/// Without an id it lists all of them.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Its id, as findings show it: P1, L2, H5
    #[arg(value_name = "RULE")]
    id: Option<String>,
}

pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let text = match args.id.as_deref() {
        None => contents(),
        Some(id) => page(id).ok_or_else(|| unknown(id))?,
    };
    output::data(&text)?;
    Ok(Exit::Success)
}

fn page(id: &str) -> Option<String> {
    rules::explain(id).map(rule).or_else(|| health::explain(id).map(health_fact))
}

fn rule(doc: &RuleDoc) -> String {
    let needs: Vec<_> = doc.needs.iter().map(|cap| cap.name()).collect();
    let silenced: Vec<_> =
        doc.silenced_by.iter().filter_map(|id| health::explain(id)).map(named).collect();
    let mut text = format!("{} {}: {}\n", doc.id, doc.title, doc.class.name());
    section(&mut text, "What it means", doc.meaning);
    section(&mut text, "When it accuses", doc.condition);
    section(&mut text, "Why that tells a leak", doc.reason);
    section(&mut text, "What it says", doc.example);
    section(&mut text, "What to change", doc.fix);
    if let Some(program) = doc.program() {
        text.push_str("\nA program that leaks, and what ends it\n");
        text.extend(program.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n"));
    }
    section(&mut text, "Where it can be wrong", doc.limits);
    section(&mut text, "What silences it", &or_nothing(&silenced));
    section(&mut text, "Facts it needs", &or_nothing(&needs));
    text
}

fn health_fact(doc: &HealthDoc) -> String {
    let mut text = format!("{} {}: speaks for a task\n", doc.id, doc.title);
    section(&mut text, "When it holds", doc.test);
    section(&mut text, "Which rules it silences", &or_nothing(doc.silences));
    section(&mut text, "What it cannot know", doc.limits);
    text
}

fn named(doc: &HealthDoc) -> String {
    format!("{} {}", doc.id, doc.title)
}

fn or_nothing(items: &[impl AsRef<str>]) -> String {
    if items.is_empty() {
        return "nothing".to_owned();
    }
    items.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

fn section(text: &mut String, heading: &str, body: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n{heading}");
    for line in wrap(body, WIDTH - 2) {
        let _ = writeln!(text, "  {line}");
    }
}

/// Every id with its name.
fn contents() -> String {
    let rules =
        rules::all().map(|doc| format!("  {:<3} {:<8} {}\n", doc.id, doc.class.name(), doc.title));
    let facts = health::all().map(|doc| format!("  {:<3} {}\n", doc.id, doc.title));
    format!(
        "Rules, surest first\n{}\nHealth facts, which speak for a task\n{}\n\
         stranded explain ID tells more.\n",
        rules.collect::<String>(),
        facts.collect::<String>()
    )
}

fn unknown(id: &str) -> Problem {
    let ids: Vec<_> =
        rules::all().map(|doc| doc.id).chain(health::all().map(|doc| doc.id)).collect();
    let meant = nearest(id, ids.iter().copied())
        .map_or_else(String::new, |id| format!("did you mean `{id}`? "));
    Problem {
        what: format!("There is no rule `{id}`"),
        hint: format!("{meant}The rules are {}; `stranded explain` lists them", ids.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_and_health_fact_has_a_page_and_a_line() {
        let contents = contents();
        for id in rules::all().map(|doc| doc.id).chain(health::all().map(|doc| doc.id)) {
            let page = page(id).expect(id);
            assert!(page.starts_with(id), "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
            assert!(contents.contains(&format!("  {id:<3} ")), "{contents}");
        }
        assert_eq!(page("p1"), page("P1"), "case does not matter");
    }

    #[test]
    fn a_slip_in_an_id_is_recognised() {
        assert!(unknown("P11").hint.starts_with("did you mean `P1`?"), "{:?}", unknown("P11"));
        assert!(
            unknown("survivors").hint.starts_with("The rules are P1"),
            "{:?}",
            unknown("survivors")
        );
    }
}
