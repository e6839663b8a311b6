//! The finding behind a verdict, and its rule's own page.

use stranded_analysis::facts::SiteId;
use stranded_analysis::report::{Example, RuleId};
use stranded_analysis::{rules, words};

use super::finding;
use crate::app::App;
use crate::text::{Line, Role};

/// The finding of that rule on that site, its examples, and what the rule says of itself.
pub(super) fn lines(app: &App, site: SiteId, rule: RuleId, width: usize) -> Vec<Line> {
    let picture = app.picture();
    let findings = picture.report.iter().flat_map(|report| &report.findings);
    let found =
        findings.into_iter().find(|finding| finding.site_id == site && finding.rule == rule);
    let mut lines = Vec::new();
    match found {
        Some(found) => {
            lines.extend(finding::lines(found, picture, width, app.settings.ascii));
            let examples: Vec<String> = found.examples.iter().map(example).collect();
            if !examples.is_empty() {
                finding::paragraph(&mut lines, "Tasks", &examples.join("; "), width);
            }
        }
        None => lines.push(Line::new(Role::Strong, "This finding no longer holds.")),
    }
    if let Some(doc) = rules::explain(rule.0) {
        lines.push(Line::default());
        lines.push(Line::new(Role::Heading, format!("About rule {} {}", doc.id, doc.title)));
        for (heading, text) in [
            ("Means", doc.meaning),
            ("When", doc.condition),
            ("Because", doc.reason),
            ("Limits", doc.limits),
        ] {
            finding::paragraph(&mut lines, heading, text, width);
        }
    }
    lines
}

/// `4711 parked 41m07s with 1 waker`, as far as it is known.
fn example(example: &Example) -> String {
    let parked = example
        .parked
        .map_or_else(String::new, |parked| format!(" parked {}", words::duration(parked)));
    let wakers = example.wakers.map_or_else(String::new, |wakers| {
        format!(" with {}", words::counted(wakers, "live waker"))
    });
    format!("{}{parked}{wakers}", example.task.0)
}
