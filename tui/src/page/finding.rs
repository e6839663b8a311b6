//! A finding in sentences: what, how many, how fast, where, why, and what to do.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use stranded_analysis::facts::Wait;
use stranded_analysis::report::{Class, Finding, Stage};
use stranded_analysis::words;

use crate::app::{Picture, history, place};
use crate::text::{Line, Role, head, tail, wrap};
use crate::theme;

/// The least that is left of a site's path in a headline: a file name and a line.
const SHORTEST_SITE: usize = 16;

/// How a class is drawn.
pub(crate) fn role(class: Class) -> Role {
    match class {
        Class::Proven => Role::Proven,
        Class::Likely => Role::Likely,
        Class::Watch => Role::Watch,
    }
}

/// The word for a class in columns and headlines.
pub(crate) fn word(class: Class) -> &'static str {
    match class {
        Class::Proven => "PROVEN",
        Class::Likely => "LIKELY",
        Class::Watch => "WATCH",
    }
}

/// `LIKELY LEAK: `, or that it is accepted, or only a candidate for one.
pub(crate) fn headline_start(finding: &Finding) -> String {
    if finding.acknowledged.is_some() {
        return format!("ACCEPTED, {}: ", word(finding.class));
    }
    match (finding.stage, finding.class) {
        (Stage::Candidate { confirms_in }, class) => {
            format!("CANDIDATE, {} in {} if it holds: ", word(class), countdown(confirms_in))
        }
        (Stage::Confirmed, Class::Watch) => "WATCH: ".to_owned(),
        (Stage::Confirmed, class) => format!("{} LEAK: ", word(class)),
    }
}

/// Whole seconds, rounded up: a countdown that reads 0s is over.
pub(crate) fn countdown(left: Duration) -> String {
    format!("{}s", left.as_secs_f64().ceil())
}

/// `+1.2/min`; before a rate is known, how many it has become so far: `+13 in 25s`.
fn growth(finding: &Finding, picture: &Picture) -> String {
    if let Some(per_minute) = finding.growth_per_min {
        let growth = words::growth(per_minute);
        return if growth == "0" { "Not growing".to_owned() } else { format!("{growth}/min") };
    }
    let site = picture.model.site(finding.site_id);
    match site.and_then(|site| history::growth(site, picture.at())) {
        Some(growth) => {
            format!("{growth:+} in {}", history::label(history::growth_window(picture.at())))
        }
        None => "Growth unknown".to_owned(),
    }
}

/// `LIKELY LEAK: 36 tasks from src/cache.rs:88 do not end`. Where that is too wide, the path loses its beginning.
pub(crate) fn headline(finding: &Finding, width: usize, ascii: bool) -> String {
    let mark = theme::class_mark(finding.class, ascii);
    let start = headline_start(finding);
    let n = finding.affected;
    let what = match finding.class {
        Class::Proven => "can never run again",
        Class::Likely => words::agree(n, "does not end", "do not end"),
        Class::Watch => words::agree(n, "is odd, but not accused", "are odd, but not accused"),
    };
    let start = format!("{mark} {start}{} from ", words::counted(n, "task"));
    let room = width.saturating_sub(start.width() + 1 + what.width());
    let site = tail(&place::site(&finding.site), room.max(SHORTEST_SITE), ascii);
    head(&format!("{start}{site} {what}"), width, ascii)
}

/// `L1 survivors: ` and the first of the sentences that say why.
pub(crate) fn reason(finding: &Finding) -> String {
    let evidence = finding.evidence.first().map_or("", String::as_str);
    words::printable(&format!("{} {}: {evidence}", finding.rule.0, finding.title)).into_owned()
}

/// How fast they grow, since when, how long the oldest has been parked, and where they wait, in one line. Where there
/// is no room for it all, the function goes first, then the age of the finding, then the beginning of the path: the line
/// number stays.
pub(crate) fn numbers(finding: &Finding, picture: &Picture, width: usize, ascii: bool) -> Line {
    let growth = growth(finding, picture);
    let since = words::duration(picture.at().since(finding.since));
    let oldest = words::duration(finding.oldest);
    let lasting = match finding.growth_per_min {
        Some(_) => format!("{growth} for {since}"),
        None => growth.clone(),
    };
    // Of a candidate it may not be known how long it has been so.
    let known = !finding.oldest.is_zero();
    let parked = if known { format!("oldest parked {oldest}") } else { "parked".to_owned() };
    let Some(park) = &finding.park else {
        return Line::new(Role::Plain, format!("{lasting}; {parked}, where is unknown"));
    };
    let how = match (&park.wait, park.current) {
        (_, false) => ", last seen at ".to_owned(),
        (Wait::Other(_), true) => " at ".to_owned(),
        (wait, true) => format!(" in {wait} at "),
    };
    let long = Line::new(Role::Plain, format!("{lasting}; {parked}{how}"));
    for place in [place::park_point(park), place::park_line(park)] {
        if long.width() + place.width() <= width {
            return long.with(Role::Place, place);
        }
    }
    let how = if park.current { " at " } else { ", last seen at " };
    let parked = parked.strip_prefix("oldest ").unwrap_or(&parked);
    let short = Line::new(Role::Plain, format!("{growth}; {parked}{how}"));
    let room = width.saturating_sub(short.width());
    short.with(Role::Place, tail(&place::park_line(park), room, ascii))
}

/// Class, count and site.
pub(super) fn accusation(finding: &Finding, width: usize, ascii: bool) -> Vec<Line> {
    let text = headline(finding, usize::MAX, ascii);
    wrap(&text, width).into_iter().map(|text| Line::new(role(finding.class), text)).collect()
}

/// The whole finding.
pub(crate) fn lines(finding: &Finding, picture: &Picture, width: usize, ascii: bool) -> Vec<Line> {
    let mut lines = accusation(finding, width, ascii);
    lines.push(Line::new(Role::Plain, "  ").with_all(numbers(
        finding,
        picture,
        width.saturating_sub(2),
        ascii,
    )));
    paragraph(&mut lines, "Fix", &finding.fix, width);
    reasons(&mut lines, finding, width);
    lines
}

/// What speaks for and against it, and what would clear it.
pub(super) fn reasons(lines: &mut Vec<Line>, finding: &Finding, width: usize) {
    let mut add = |heading: &str, text: &str| paragraph(lines, heading, text, width);
    if let Some(acknowledged) = &finding.acknowledged {
        add("Accepted", &acknowledged.reason);
    }
    add("Rule", &format!("{} {}", finding.rule.0, finding.title));
    for (row, sentence) in finding.evidence.iter().enumerate() {
        add(if row == 0 { "Why" } else { "" }, sentence);
    }
    if finding.counter_evidence.is_empty() {
        add("Against", "nothing");
    }
    for (row, sentence) in finding.counter_evidence.iter().enumerate() {
        add(if row == 0 { "Against" } else { "" }, sentence);
    }
    if let Some(cause) = &finding.blocked_behind {
        add("Behind", cause);
    }
    add("Clears", &finding.clears);
}

/// Adds a text under a heading in the margin.
pub(super) fn paragraph(lines: &mut Vec<Line>, heading: &str, text: &str, width: usize) {
    let rows = wrap(&words::printable(text), width.saturating_sub(11));
    for (row, text) in rows.into_iter().enumerate() {
        let heading = if row == 0 { heading } else { "" };
        lines.push(Line::new(Role::Heading, format!("  {heading:<9}")).with(Role::Plain, text));
    }
}
