//! One task as text and as JSON.

use std::fmt::Write;

use stranded_analysis::facts::{Frame, ParkStack, TaskFacts};
use stranded_analysis::report::json::finding as finding_json;
use stranded_analysis::report::{Finding, Stage};
use stranded_analysis::words::{self, bytes, count, duration, printable};

use crate::app::{Picture, tasks};
use crate::commands::list::resources::{holders, place as place_of};
use crate::commands::{census, json};
use crate::text::wrap;

/// The width of a page of text.
const WIDTH: usize = 100;

/// The task, its stacks and the findings on it.
pub(super) fn json(task: &TaskFacts, picture: &Picture) -> String {
    let mut content = json::task(task, picture);
    content["stacks"] = json::stacks(&task.registrations, &picture.model).into();
    content["finding"] =
        tasks::finding(task, picture).map(|(_, finding)| finding_json(finding)).into();
    json::document("stranded.task.v1", picture, "task", &content)
}

/// The same for a person.
pub(super) fn text(task: &TaskFacts, picture: &Picture) -> String {
    let at = picture.at();
    let mut text = format!("task {}  {}\n", task.id.0, tasks::state(task, at));
    for (name, value) in properties(task, picture) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<12}{}", printable(&value));
    }
    for registration in &task.registrations {
        let Some(stack) = picture.model.stack(registration.stack) else { continue };
        let when = if registration.poll == task.polls {
            "waits in".to_owned()
        } else {
            format!("last registered a waker, in poll {} of {}, in", registration.poll, task.polls)
        };
        push_stack(&mut text, &when, stack);
    }
    if task.registrations.is_empty() {
        text.push_str("\nwhere it waits is unknown\n");
    }
    match tasks::finding(task, picture) {
        Some((_, finding)) => push_finding(&mut text, finding),
        None => text.push_str("\nno finding\n"),
    }
    text + &census::reasons(picture)
}

fn properties(task: &TaskFacts, picture: &Picture) -> Vec<(&'static str, String)> {
    let at = picture.at();
    let site = picture.model.site(task.site);
    let mut properties = vec![
        ("site", site.map_or_else(|| "unknown".to_owned(), |facts| words::site(&facts.site))),
        ("kind", site.map_or("unknown", |facts| facts.site.kind.name()).to_owned()),
        ("age", duration(at.since(task.spawned))),
        ("spawned by", spawner(task, picture)),
    ];
    if let Some(name) = &task.name {
        properties.insert(0, ("name", name.clone()));
    }
    if let Some(scope) = &task.scope {
        let ended = scope.ended.map_or_else(
            || "which goes on".to_owned(),
            |ended| format!("which ended {} ago", duration(at.since(ended))),
        );
        properties.push(("inside", format!("{}, {ended}", scope.name)));
    }
    properties.push((
        "polls",
        format!(
            "{}, {} in polls, {} between wake and poll",
            count(task.polls),
            duration(task.busy),
            duration(task.scheduled)
        ),
    ));
    properties.push(("wakers", wakers(task)));
    properties.extend(awaited(task, picture).map(|resource| ("waits for", resource)));
    properties.push((
        "last wake",
        task.last_wake.map_or_else(|| "never".to_owned(), |wake| tasks::woken(wake, at)),
    ));
    if let Some(size) = task.future_bytes {
        properties.push(("future", bytes(size)));
    }
    if let Some(tokio) = task.tokio_id {
        properties.push(("tokio id", tokio.to_string()));
    }
    properties
}

fn spawner(task: &TaskFacts, picture: &Picture) -> String {
    let Some(spawner) = task.spawner else { return "no task, or unknown".to_owned() };
    let alive = match task.spawner_alive {
        Some(true) => "",
        Some(false) => " (ended)",
        None => " (alive or not is unknown)",
    };
    let site = task.spawner_site.and_then(|site| picture.model.site(site));
    let from =
        site.map_or_else(String::new, |facts| format!(", from {}", words::site(&facts.site)));
    format!("task {}{alive}{from}", spawner.0)
}

fn wakers(task: &TaskFacts) -> String {
    match task.wakers {
        Some(wakers) => format!(
            "{} now, {} cloned, {} dropped; woken {}, {} by itself",
            count(wakers.live),
            count(wakers.clones),
            count(wakers.drops),
            times(wakers.wakes),
            times(wakers.self_wakes)
        ),
        None if task.unaccounted => "unknown: the count of this task is unreliable".to_owned(),
        None => "unknown".to_owned(),
    }
}

/// What it waits for, where that is a resource that the target tracks.
fn awaited<'a>(task: &TaskFacts, picture: &'a Picture) -> impl Iterator<Item = String> + 'a {
    let waits = picture.model.waiting_task(task.id).map_or(&[][..], |waiting| &waiting.waits);
    waits.iter().filter_map(|wait| picture.model.resource(wait.resource)).map(|resource| {
        let place =
            resource.place.as_ref().map_or_else(String::new, |at| format!(" of {}", place_of(at)));
        format!("{}{place}, held by {}", resource.kind.name(), holders(resource))
    })
}

fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{} times", count(n)) }
}

/// The calls from the primitive to the root of the task; the user's own are marked.
fn push_stack(text: &mut String, when: &str, stack: &ParkStack) {
    let wait = stack.wait.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let _ = writeln!(text, "\n{when} {}", printable(&wait));
    for (at, frame) in stack.frames.iter().enumerate() {
        let mark = match () {
            () if stack.park == Some(at) => ">",
            () if frame.user => "*",
            () => " ",
        };
        let _ = writeln!(text, "{mark} {}{}", printable(&frame.function), place(frame));
    }
    if stack.frames.is_empty() {
        let addresses = stack.addresses.iter().map(|address| format!("{address:#x}"));
        let _ = writeln!(text, "  not resolved: {}", addresses.collect::<Vec<_>>().join(" "));
    }
}

/// Where a call is, behind its name; nothing if that is unknown.
fn place(frame: &Frame) -> String {
    match (&frame.file, frame.line) {
        (Some(file), Some(line)) => format!("  {}:{line}", words::path(file)),
        (Some(file), None) => format!("  {}", words::path(file)),
        (None, _) => String::new(),
    }
}

fn push_finding(text: &mut String, finding: &Finding) {
    let stage = match finding.stage {
        Stage::Confirmed => String::new(),
        Stage::Candidate { confirms_in } => {
            format!(", to be confirmed in {}", duration(confirms_in))
        }
    };
    let _ = writeln!(
        text,
        "\n{} {}: {}{stage}, {} of {} at this site",
        finding.rule.0,
        finding.title,
        finding.class.name(),
        count(finding.affected),
        count(finding.live)
    );
    let against = finding.counter_evidence.iter().map(|line| format!("Against: {line}"));
    let fix = format!("Fix: {}", finding.fix);
    for line in finding.evidence.iter().cloned().chain(against).chain([fix]) {
        for line in wrap(&printable(&line), WIDTH - 2) {
            let _ = writeln!(text, "  {line}");
        }
    }
}
