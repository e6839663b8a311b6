//! A park stack as lines: leaf first, the user's own lines emphasised.

use stranded_analysis::facts::{ParkStack, Registration, TaskFacts};
use stranded_analysis::words;

use crate::app::{Picture, place};
use crate::text::{Line, Role, head, tail};

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
        lines.push(heading(task, registration, picture, width, ascii));
        if registration.poll != task.polls {
            let (poll, polls) = (registration.poll, task.polls);
            let doubt = format!("    That was poll {poll} of {polls}: it may wait elsewhere now.");
            lines.push(Line::new(Role::Plain, doubt));
        }
        match picture.model.stack(registration.stack) {
            Some(stack) => frames(stack, width, ascii, &mut lines),
            None => lines.push(Line::new(Role::Dim, "    unknown: its stack has not arrived")),
        }
    }
    lines
}

/// `Parked in oneshot recv at src/cache.rs:95`, but only if the stack belongs to the latest poll. Where there is no room
/// for the place, it stands below, among the frames.
fn heading(
    task: &TaskFacts,
    registration: &Registration,
    picture: &Picture,
    width: usize,
    ascii: bool,
) -> Line {
    let stack = picture.model.stack(registration.stack);
    let wait = stack.and_then(|stack| stack.wait.as_ref());
    let wait = wait.map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let place = stack.and_then(ParkStack::park_frame).and_then(place::frame);
    let how = if registration.poll == task.polls { "Parked in " } else { "Last registered in " };
    let wait = head(&words::printable(&wait), width.saturating_sub(how.len()), ascii);
    let line = Line::new(Role::Heading, how).with(Role::Strong, wait);
    let place = Line::new(Role::Plain, " at ").with(Role::Place, place.unwrap_or_default());
    let fits = place.width() > " at ".len() && line.width() + place.width() <= width;
    if fits { line.with_all(place) } else { line }
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
