//! A park stack as lines: leaf first, the user's own lines emphasised.

use stranded_analysis::facts::{ParkStack, Registration, TaskFacts};
use stranded_analysis::words;

use crate::app::{Picture, place};
use crate::text::{Line, Role, tail};

/// Where a task waits: each registered stack, and the poll it belongs to.
pub(super) fn lines(task: &TaskFacts, picture: &Picture, width: usize, ascii: bool) -> Vec<Line> {
    if task.registrations.is_empty() {
        let why = match task.wakers {
            Some(wakers) if wakers.clones == 0 => "unknown: it has never handed out a waker",
            _ => "unknown: no park stack was captured",
        };
        return vec![Line::new(Role::Heading, "Waits in ").with(Role::Plain, why)];
    }
    let mut lines = Vec::new();
    for registration in &task.registrations {
        lines.push(heading(task, registration, picture));
        match picture.model.stack(registration.stack) {
            Some(stack) => frames(stack, width, ascii, &mut lines),
            None => lines.push(Line::new(Role::Dim, "    unknown: its stack has not arrived")),
        }
    }
    lines
}

/// `Parked in oneshot recv`, but only if the stack belongs to the latest poll.
fn heading(task: &TaskFacts, registration: &Registration, picture: &Picture) -> Line {
    let wait = picture.model.stack(registration.stack).and_then(|stack| stack.wait.as_ref());
    let wait = wait.map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let wait = words::printable(&wait);
    if registration.poll == task.polls {
        return Line::new(Role::Heading, "Parked in ").with(Role::Strong, wait);
    }
    let doubt =
        format!(", in poll {} of {}: it may wait elsewhere now", registration.poll, task.polls);
    Line::new(Role::Heading, "Last registered in ")
        .with(Role::Strong, wait)
        .with(Role::Plain, doubt)
}

fn frames(stack: &ParkStack, width: usize, ascii: bool, lines: &mut Vec<Line>) {
    if stack.frames.is_empty() {
        let calls = words::counted(stack.addresses.len() as u64, "call");
        lines.push(Line::new(Role::Dim, format!("    {calls}, symbols pending")));
        return;
    }
    let place_width = (width / 2).clamp(12, 44);
    for (at, frame) in stack.frames.iter().enumerate() {
        let place = place::frame(frame).unwrap_or_else(|| "unknown".to_owned());
        let place = tail(&place, place_width, ascii);
        let function = words::printable(&frame.function);
        let function = tail(&function, width.saturating_sub(place_width + 6), ascii);
        let mark = if Some(at) == stack.park { "  > " } else { "    " };
        let role = if frame.user { Role::Place } else { Role::Dim };
        lines.push(Line::new(role, format!("{mark}{place:<place_width$}  {function}")));
    }
    if stack.park.is_none() {
        lines.push(Line::new(Role::Dim, "    no line of user code on this stack"));
    }
}
