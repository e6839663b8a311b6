//! Real tasks in a real runtime, looked at where they clone their waker.

mod capture;
#[path = "../../tests/waits/corpus.rs"]
mod corpus;
#[path = "../../tests/waits/special.rs"]
mod special;

use std::collections::BTreeSet;
use std::fmt::Write;

use tracing::Instrument;

use super::*;
use corpus::shape::Here;

/// The function and line of the park frame.
fn park_of(described: &Described) -> (&str, Option<u32>) {
    let frame = &described.frames[described.park.unwrap()];
    (&frame.function, frame.line)
}

/// A stack as text, for the message of a failed test.
fn listing(described: &Described) -> String {
    let mut text = format!("\n  {:?}", described.wait);
    for frame in &described.frames {
        let (mark, function) = (if frame.user { '*' } else { ' ' }, &frame.function);
        write!(text, "\n  {mark} {function} {:?}:{:?}", frame.file, frame.line).unwrap();
    }
    text
}

#[test]
fn every_shape_is_named_and_located() {
    let mut symbols = Symbols::default();
    let mut wrong = String::new();
    for shape in corpus::shapes() {
        let (here, stacks) = capture::park(shape.waits.len(), shape.start);
        let found: Vec<Described> = stacks.iter().map(|stack| symbols.describe(stack)).collect();
        let waits: BTreeSet<_> = found.iter().map(|stack| stack.wait.clone()).collect();
        let lines: BTreeSet<_> = found.iter().map(|stack| park_of(stack).1).collect();
        let expected_waits: BTreeSet<_> = shape.waits.iter().cloned().map(Some).collect();
        let expected_lines: BTreeSet<_> = here.lines().into_iter().map(Some).collect();
        let named = found.iter().all(|stack| park_of(stack).0.ends_with(shape.name));
        if waits != expected_waits || lines != expected_lines || !named {
            let (name, expected) = (shape.name, shape.waits);
            write!(wrong, "\n{name}: {expected_lines:?} {expected:?}, but").unwrap();
            wrong.extend(found.iter().map(listing));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_named_wait_that_tokio_can_show_here_has_a_shape() {
    // Tokio is built without the features of the first; the others have tests of their own.
    let elsewhere = [Wait::File, Wait::LocalSet, Wait::Yield, Wait::Budget];
    let shown: BTreeSet<_> = corpus::shapes().flat_map(|shape| shape.waits).collect();
    for wait in Wait::NAMED {
        assert!(shown.contains(wait) != elsewhere.contains(wait), "{wait:?}");
    }
}

/// The only registration of a task: where it waits, and its description.
fn only((here, stacks): (Here, Vec<capture::Stack>)) -> (u32, Described) {
    let [stack] = &stacks[..] else { panic!("{} registrations", stacks.len()) };
    (here.lines()[0], Symbols::default().describe(stack))
}

#[test]
fn frames_go_from_the_primitive_to_the_root_of_the_task() {
    let span = tracing::info_span!("request");
    let (here, stacks) = capture::park(1, |here| special::outer(here).instrument(span));
    let stack = Symbols::default().describe(&stacks[0]);
    let user: Vec<_> = stack.frames.iter().filter(|frame| frame.user).collect();
    let [inner, outer] = &user[..] else { panic!("{}", listing(&stack)) };
    assert!(outer.function.ends_with("::outer"), "{}", listing(&stack));
    assert_eq!([outer.line, inner.line], [Some(here.lines()[0]), Some(here.lines()[1])]);
    let first = &stack.frames[0].function;
    assert!(first.starts_with("tokio::sync::oneshot::"), "{}", listing(&stack));
    // The user's own span stays, Tokio's span around the task does not.
    let spans = stack.frames.iter().filter(|frame| frame.function.starts_with("tracing::"));
    assert_eq!(spans.count(), 1, "{}", listing(&stack));
}

#[test]
fn a_future_of_the_users_own_is_named_by_its_function() {
    let (_, stack) = only(capture::park(1, special::hand_written));
    let Some(Wait::Other(function)) = &stack.wait else { panic!("{}", listing(&stack)) };
    assert!(function.ends_with("HandWritten::poll"), "{function}");
    assert!(park_of(&stack).0.ends_with("HandWritten::poll"), "{}", listing(&stack));
}

#[test]
fn a_future_of_another_crate_is_named_by_its_function() {
    let (line, stack) = only(capture::park(1, special::of_another_crate));
    let Some(Wait::Other(function)) = &stack.wait else { panic!("{}", listing(&stack)) };
    assert!(function.starts_with("futures_util::abortable::"), "{function}");
    assert_eq!(park_of(&stack).1, Some(line), "{}", listing(&stack));
}

#[test]
fn a_local_set_and_its_tasks_are_told_apart() {
    let (line, stack) = only(capture::park_local(1, special::local_set));
    assert_eq!(stack.wait, Some(Wait::LocalSet), "{}", listing(&stack));
    assert_eq!(park_of(&stack).1, Some(line), "{}", listing(&stack));

    let (line, stack) = only(capture::park_local(1, special::outer));
    assert_eq!(stack.wait, Some(Wait::OneshotRecv), "{}", listing(&stack));
    assert_eq!(stack.frames.last().unwrap().line, Some(line), "{}", listing(&stack));
}

#[test]
fn a_task_that_yields_is_not_said_to_wait_for_anything_else() {
    for ((line, stack), wait) in [
        (only(capture::park(1, special::yields)), Wait::Yield),
        (only(capture::park(1, special::yields_when_its_budget_is_used_up)), Wait::Yield),
        (only(capture::park(1, special::uses_up_its_budget)), Wait::Budget),
    ] {
        assert_eq!(stack.wait, Some(wait), "{}", listing(&stack));
        assert_eq!(park_of(&stack).1, Some(line), "{}", listing(&stack));
    }
}

#[test]
fn user_files_are_spelled_like_spawn_sites() {
    let expected = file!().replace("src/symbols/tests.rs", "tests/waits/special.rs");
    let (_, stacks) = capture::park(1, special::outer);
    let mut symbols = Symbols::default();
    symbols.describe(&stacks[0]);
    symbols.learn_root(&expected);
    let stack = symbols.describe(&stacks[0]);
    let frame = &stack.frames[stack.park.unwrap()];
    assert_eq!(frame.file.as_deref(), Some(&*expected));
}

#[test]
fn the_agents_own_code_is_not_the_users() {
    async fn of_the_agent(here: Here) {
        here.next_line();
        tokio::time::sleep(std::time::Duration::from_hours(1)).await;
    }
    let (_, stack) = only(capture::park(1, of_the_agent));
    assert_eq!(stack.wait, Some(Wait::Sleep), "{}", listing(&stack));
    assert_eq!(stack.park, None, "{}", listing(&stack));
}

#[test]
fn addresses_of_nothing_are_unknown() {
    let stack = Symbols::default().describe(&[0, 1, u64::MAX]);
    assert_eq!((stack.wait, stack.park), (None, None));
    assert!(stack.frames.iter().all(|frame| frame.function == "unknown"));
    assert_eq!(Symbols::default().describe(&[]).frames, []);
}
