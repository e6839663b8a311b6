//! The report as text: worst first, readable at three in the morning in 80 columns.

use std::fmt::Write;
use std::time::Duration;

use super::{Class, Example, Finding, Report, Stage, Verdict};
use crate::allow::AllowanceStanding;
use crate::facts::{Moment, TaskKind};
use crate::words;

/// The width of the text.
const WIDTH: usize = 80;
/// Where the words behind a label begin.
const INDENT: usize = 14;

/// A report as text, with a final newline.
pub fn document(report: &Report) -> String {
    let mut text = String::new();
    head(report, &mut text);
    for finding in &report.findings {
        text.push('\n');
        write_finding(finding, report.at, &mut text);
    }
    if !report.inactive.is_empty() {
        text.push('\n');
        for rules in by_reason(&report.inactive) {
            wrapped("Off", &rules, &mut text);
        }
    }
    let uses = report.allowances.iter().filter(|usage| usage.standing != AllowanceStanding::Used);
    for (at, usage) in uses.enumerate() {
        if at == 0 {
            text.push('\n');
        }
        wrapped("Policy", &usage.text(), &mut text);
    }
    if report.retracted > 0 {
        text.push('\n');
        let n = report.retracted;
        let _ = writeln!(
            text,
            "{} shown earlier {} retracted: later data showed {} wrong.",
            words::counted(n, "finding"),
            words::agree(n, "was", "were"),
            words::agree(n, "it", "them")
        );
    }
    text
}

/// The rules that are off, those with the same reason together: "P2, L7: this source does not tell .."
fn by_reason(inactive: &[String]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in inactive {
        let (rule, reason) = line.split_once(": ").unwrap_or((line, ""));
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, rules)) => rules.push(rule),
            None => reasons.push((reason, vec![rule])),
        }
    }
    reasons.iter().map(|(reason, rules)| format!("{}: {reason}", rules.join(", "))).collect()
}

/// Who was judged, and the verdict.
fn head(report: &Report, text: &mut String) {
    if let Some(target) = &report.target {
        let _ = write!(text, "{}  pid {}", words::printable(&target.name), target.pid);
        if let Some(host) = &target.host {
            let _ = write!(text, "  host {}", words::printable(host));
        }
        let _ = writeln!(
            text,
            "  watched by its agent for {}",
            words::duration(report.at.since(Moment(0)))
        );
    }
    let tasks = |n: Option<u64>| {
        n.map_or_else(|| "an unknown number of tasks".to_owned(), |n| words::counted(n, "task"))
    };
    let alive = report.alive.map_or_else(|| "unknown".to_owned(), words::count);
    let _ = writeln!(text, "{} tracked, {alive} alive in the runtime\n", tasks(report.tracked));
    let verdict = match report.verdict {
        Verdict::Found(_) => found(report),
        Verdict::Clean => match acknowledged(report) {
            0 => "Clean: no task is stranded.".to_owned(),
            n => format!("Clean, but for {} acknowledged.", words::counted(n, "finding")),
        },
        Verdict::Inconclusive => {
            "Inconclusive: too little is known to say whether tasks are stranded.".to_owned()
        }
    };
    fill(&verdict, "", "", text);
    for reason in &report.reasons {
        fill(&words::printable(reason), "- ", "  ", text);
    }
}

/// "Stranded tasks: 1 proven, 2 likely. 1 more is not confirmed yet."
fn found(report: &Report) -> String {
    let causes = || report.confirmed().filter(|finding| finding.blocked_behind.is_none());
    let of = |class: Class| causes().filter(|finding| finding.class == class).count() as u64;
    let counts: Vec<String> = [Class::Proven, Class::Likely, Class::Watch]
        .into_iter()
        .map(|class| (class, of(class)))
        .filter(|(_, n)| *n > 0)
        .map(|(class, n)| format!("{} {}", words::count(n), class.name()))
        .collect();
    let accused = of(Class::Proven) + of(Class::Likely) > 0;
    let what = if accused { "Stranded tasks" } else { "Nothing accused, but odd" };
    let mut text = format!("{what}: {}.", counts.join(", "));
    let victims = report.confirmed().count() as u64 - causes().count() as u64;
    if victims > 0 {
        let places = words::counted(victims, "place");
        let _ = write!(text, " Tasks at {places} are blocked behind them.");
    }
    let waiting = report.open().count() as u64 - report.confirmed().count() as u64;
    if waiting > 0 {
        let _ = write!(text, " {} more not confirmed yet.", words::count(waiting));
    }
    if acknowledged(report) > 0 {
        let _ = write!(text, " {} more acknowledged.", words::count(acknowledged(report)));
    }
    text
}

/// How many findings do not count.
fn acknowledged(report: &Report) -> u64 {
    report.findings.len() as u64 - report.open().count() as u64
}

/// One finding as text, with a final newline.
pub fn finding(finding: &Finding, now: Moment) -> String {
    let mut text = String::new();
    write_finding(finding, now, &mut text);
    text
}

fn write_finding(finding: &Finding, now: Moment, text: &mut String) {
    let class = match finding.stage {
        _ if finding.acknowledged.is_some() => format!("{}, acknowledged", finding.class.name()),
        Stage::Confirmed => finding.class.name().to_uppercase(),
        Stage::Candidate { confirms_in } => {
            format!("{}? (confirmed in {})", finding.class.name(), words::duration(confirms_in))
        }
    };
    let heading = format!("{class}  {} {}", finding.rule.0, finding.title);
    let size =
        format!("{} of {}", words::count(finding.affected), words::counted(finding.live, "task"));
    let gap = WIDTH.saturating_sub(heading.chars().count() + size.chars().count()).max(2);
    let _ = writeln!(text, "{heading}{:gap$}{size}", "");
    wrapped("Spawned at", &words::site(&finding.site), text);
    let running = finding.site.kind == TaskKind::Blocking;
    match &finding.park {
        Some(point) if point.current => wrapped("Waits in", &words::place(point), text),
        Some(point) => wrapped(
            "Waits in",
            &format!("unknown; last registered in {}", words::place(point)),
            text,
        ),
        None if running => wrapped("Runs in", "a thread of the blocking pool", text),
        None => wrapped("Waits in", "unknown", text),
    }
    if let Some(cause) = &finding.blocked_behind {
        wrapped("Behind", cause, text);
    }
    let growth = match finding.growth_per_min {
        Some(growth) => format!("{} per minute", words::growth(growth)),
        None => "not known yet".to_owned(),
    };
    let oldest = match (finding.oldest, running) {
        (Duration::ZERO, _) => String::new(),
        (oldest, true) => format!("; oldest running for {}", words::duration(oldest)),
        (oldest, false) => format!("; oldest parked for {}", words::duration(oldest)),
    };
    wrapped("Growth", &format!("{growth}{oldest}"), text);
    if let Some(acknowledged) = &finding.acknowledged {
        wrapped("Accepted", &acknowledged.reason, text);
        return;
    }
    wrapped("Since", &format!("{} ago", words::duration(now.since(finding.since))), text);
    paragraphs("Why", &finding.evidence, text);
    if finding.counter_evidence.is_empty() {
        wrapped("Against", "nothing known", text);
    } else {
        paragraphs("Against", &finding.counter_evidence, text);
    }
    wrapped("Fix", &finding.fix, text);
    wrapped("Clears", &finding.clears, text);
    if !finding.examples.is_empty() {
        let examples: Vec<String> = finding.examples.iter().map(example).collect();
        wrapped("Examples", &examples.join("; "), text);
    }
}

fn example(example: &Example) -> String {
    let mut text = format!("#{}", example.task.0);
    if let Some(parked) = example.parked {
        let _ = write!(text, " parked {}", words::duration(parked));
    }
    if let Some(wakers) = example.wakers {
        let _ = write!(text, ", {}", words::counted(wakers, "waker"));
    }
    text
}

fn paragraphs(label: &str, sentences: &[String], text: &mut String) {
    for (at, sentence) in sentences.iter().enumerate() {
        wrapped(if at == 0 { label } else { "" }, sentence, text);
    }
}

/// A label, and words beside it.
fn wrapped(label: &str, content: &str, text: &mut String) {
    let first = format!("  {label:<width$}", width = INDENT - 2);
    fill(content, &first, &" ".repeat(INDENT), text);
}

/// Words broken into lines; a word longer than a line stays whole.
fn fill(content: &str, first: &str, others: &str, text: &mut String) {
    let mut line = first.to_owned();
    let mut empty = true;
    for word in content.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            others.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}
