//! One task: what it is accused of, where it waits, who could wake it, where it comes from.

use stranded_analysis::facts::{EndedTask, Moment, TaskFacts, TaskId, WakeSource};
use stranded_analysis::words;

use super::{finding, stack};
use crate::app::{App, Picture, place, tasks};
use crate::text::{Line, Role, wrap};

/// Width of the column of headings.
const HEADING: usize = 11;

/// The page about a task.
pub(super) fn lines(app: &App, id: TaskId, width: usize) -> Vec<Line> {
    let picture = app.picture();
    let mut lines = Vec::new();
    let departed = picture.departed.get(&id);
    if let Some(departed) = departed {
        let sentence = ended(&departed.end, departed.facts.as_ref());
        lines.extend(wrap(&sentence, width).into_iter().map(|text| Line::new(Role::Strong, text)));
        lines.push(Line::default());
    }
    let Some(task) = picture.task(id) else {
        if departed.is_none() {
            let waiting = format!("Task {}: its facts have not arrived yet.", id.0);
            lines.push(Line::new(Role::Plain, waiting));
        }
        return lines;
    };
    let found =
        tasks::finding(task, picture).filter(|_| departed.is_none()).map(|(_, found)| found);
    if let Some(found) = found {
        lines.extend(finding::accusation(found, width, app.settings.ascii));
        finding::paragraph(&mut lines, "Fix", &found.fix, width);
        lines.push(Line::default());
    }
    lines.extend(stack::lines(task, picture, width, app.settings.ascii));
    lines.push(Line::default());
    for (heading, text) in facts(task, picture) {
        for (row, text) in wrap(&text, width.saturating_sub(HEADING)).into_iter().enumerate() {
            let heading = if row == 0 { heading } else { "" };
            lines.push(
                Line::new(Role::Heading, format!("{heading:<HEADING$}")).with(Role::Plain, text),
            );
        }
    }
    if let Some(found) = found {
        lines.push(Line::default());
        finding::reasons(&mut lines, found, width);
    }
    lines
}

/// `Task 4711 returned after 41m07s. Below: as it last was.`
fn ended(end: &EndedTask, facts: Option<&TaskFacts>) -> String {
    let id = end.id.0;
    let how = end.ending.name();
    match facts {
        Some(task) => {
            let age = words::duration(end.at.since(task.spawned));
            format!("Task {id} {how} after {age}. Below: as it last was.")
        }
        None => format!("Task {id} {how} before its facts arrived. Esc goes back."),
    }
}

/// The facts below the stack, as heading and text.
fn facts(task: &TaskFacts, picture: &Picture) -> Vec<(&'static str, String)> {
    let at = picture.at();
    let mut facts = vec![
        ("State", state(task, at)),
        ("Wakers", wakers(task, picture)),
        ("Last woken", last_wake(task, picture)),
        ("Spawned", spawned(task, picture)),
    ];
    if let Some(scope) = &task.scope {
        let opener =
            scope.opener.map_or_else(String::new, |id| format!(", opened by task {}", id.0));
        let ended = match scope.ended {
            Some(ended) => format!("ended {} ago", words::duration(at.since(ended))),
            None => "still open".to_owned(),
        };
        facts.push(("Request", format!("{}{opener}, {ended}", words::printable(&scope.name))));
    }
    facts.push(("Polls", polls(task, at)));
    facts.push(("Future", size(task)));
    facts.push(("Identity", identity(task, picture)));
    facts
}

fn state(task: &TaskFacts, at: Moment) -> String {
    let age = words::duration(at.since(task.spawned));
    let stranded = task.stranded_since.map_or_else(String::new, |since| {
        format!("; seen without a live waker for {}", words::duration(at.since(since)))
    });
    format!("{}; {age} old{stranded}", tasks::state(task, at))
}

fn wakers(task: &TaskFacts, picture: &Picture) -> String {
    if let Some(wakers) = task.wakers {
        return format!(
            "{} live now; {} made, {} gone; woken {}, of them {} by itself",
            words::count(wakers.live),
            words::counted(wakers.clones, "clone"),
            words::count(wakers.drops),
            words::counted(wakers.wakes, "time"),
            words::count(wakers.self_wakes),
        );
    }
    let kind = picture.model.site(task.site).map(|site| site.site.kind);
    match kind {
        _ if task.unaccounted => {
            "unknown: the count is unreliable, so it is not judged by it".to_owned()
        }
        Some(kind) if !kind.has_wakers() => {
            format!("none: {} tasks are not woken by wakers", kind.name())
        }
        _ => "unknown".to_owned(),
    }
}

fn last_wake(task: &TaskFacts, picture: &Picture) -> String {
    let Some(wake) = task.last_wake else { return "never".to_owned() };
    let ago = words::duration(picture.at().since(wake.at));
    let by = match wake.by {
        WakeSource::Task(id, _) => format!("task {}", id.0),
        WakeSource::Driver => "a timer or i/o".to_owned(),
        WakeSource::Thread => "a thread that runs no tasks".to_owned(),
        WakeSource::Unknown => "somebody unknown".to_owned(),
    };
    let words = format!("{ago} ago by {by}");
    match wake.by {
        WakeSource::Task(_, Some(site)) => match picture.model.site(site) {
            Some(site) => format!("{words} from {}", place::site(&site.site)),
            None => words,
        },
        _ => words,
    }
}

fn spawned(task: &TaskFacts, picture: &Picture) -> String {
    let place = |id| picture.model.site(id).map(|site| place::site(&site.site));
    let at = place(task.site).unwrap_or_else(|| "unknown".to_owned());
    let ago = words::duration(picture.at().since(task.spawned));
    let from =
        task.spawner_site.and_then(place).map_or_else(String::new, |site| format!(" from {site}"));
    let alive = match task.spawner_alive {
        Some(true) => " (alive)",
        Some(false) => " (ended)",
        None => "",
    };
    let by = match task.spawner {
        Some(id) => format!("by task {}{alive}{from}", id.0),
        None if task.spawner_site.is_some() => format!("by a task{alive}{from}"),
        None => "outside any known task".to_owned(),
    };
    format!("{ago} ago at {at}, {by}")
}

fn polls(task: &TaskFacts, at: Moment) -> String {
    let latest = match task.last_poll {
        Some(poll) => format!("the latest {} ago", words::duration(at.since(poll))),
        None => "no poll yet".to_owned(),
    };
    format!(
        "{}, {latest}; {} in polls, {} between wake and poll",
        words::counted(task.polls, "poll"),
        words::duration(task.busy),
        words::duration(task.scheduled),
    )
}

fn size(task: &TaskFacts) -> String {
    let Some(bytes) = task.future_bytes else { return "size unknown".to_owned() };
    match task.original_bytes.filter(|original| *original != bytes) {
        Some(original) => {
            format!("{}, boxed by Tokio from {}", words::bytes(bytes), words::bytes(original))
        }
        None => words::bytes(bytes),
    }
}

fn identity(task: &TaskFacts, picture: &Picture) -> String {
    let kind = picture.model.site(task.site).map_or("unknown", |site| site.site.kind.name());
    let name = task
        .name
        .as_deref()
        .map_or_else(|| "unnamed".to_owned(), |name| format!("named {}", words::printable(name)));
    let tokio = task.tokio_id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    format!("task {}, tokio id {tokio}, kind {kind}, {name}", task.id.0)
}
