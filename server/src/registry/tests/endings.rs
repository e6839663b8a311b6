//! How tasks end, and what must not be mistaken for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::*;
use stranded_analysis::facts::SiteFacts;

/// No time at all: every look counts.
const AT_ONCE: Duration = Duration::ZERO;

fn only_site(registry: &Registry) -> SiteFacts {
    let mut sites = registry.look(AT_ONCE).sites;
    assert_eq!(sites.len(), 1);
    sites.remove(0)
}

/// Calls `act` when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_task_that_goes_down_with_a_panic_of_somebody_else_has_not_panicked_itself() {
    let registry = registry();
    let id = spawn(&registry, 1);
    poll(&registry, id, || ());
    poll(&registry, spawn(&registry, 1), || ());
    let runtime_dropped = OnDrop(|| {
        poll(&registry, id, || ());
        assert!(registry.close_span(id));
    });
    catch_unwind(AssertUnwindSafe(|| {
        let _runtime_dropped = runtime_dropped;
        panic!("in `main`, not in the task");
    }))
    .unwrap_err();
    let site = only_site(&registry);
    assert_eq!((site.returned, site.cancelled, site.panicked), (0, 1, 0));
}

#[test]
fn a_panic_in_a_poll_is_one_although_the_future_is_dropped_while_it_unwinds() {
    let registry = registry();
    let id = spawn(&registry, 1);
    catch_unwind(AssertUnwindSafe(|| {
        let _dropped = OnDrop(|| poll(&registry, id, || ()));
        registry.enter(id, true);
        let _left = OnDrop(|| registry.exit(id));
        panic!("in the task");
    }))
    .unwrap_err();
    assert!(registry.close_span(id));
    let site = only_site(&registry);
    assert_eq!((site.returned, site.cancelled, site.panicked), (0, 0, 1));
}

#[test]
fn a_stranded_task_that_is_aborted_has_not_come_back_to_life() {
    let registry = registry();
    let id = spawn(&registry, 1);
    poll(&registry, id, || ());
    assert_eq!(only_site(&registry).clusters[0].zero_wakers_settled, 1);
    // Its future is dropped: as long as that takes, it looks like a poll.
    registry.enter(id, true);
    assert_eq!(only_site(&registry).revived, 0);
    assert_eq!(only_site(&registry).revived, 0);
    registry.exit(id);
    registry.close_span(id);
    assert_eq!(only_site(&registry).revived, 0);
}

#[test]
fn nor_has_one_that_is_seen_when_its_future_is_dropped_and_its_span_is_still_open() {
    let registry = registry();
    let id = spawn(&registry, 1);
    poll(&registry, id, || ());
    only_site(&registry);
    poll(&registry, id, || ());
    only_site(&registry);
    registry.close_span(id);
    assert_eq!(only_site(&registry).revived, 0);
}

#[test]
fn a_stranded_task_that_is_polled_again_and_lives_on_has_come_back_to_life() {
    let registry = registry();
    let id = spawn(&registry, 1);
    poll(&registry, id, || ());
    only_site(&registry);
    poll(&registry, id, || ());
    for _ in 0..3 {
        only_site(&registry);
    }
    assert_eq!(only_site(&registry).revived, 1, "once");
}

#[test]
fn the_next_task_in_a_slot_is_not_taken_for_the_last_one() {
    let registry = registry();
    let first = spawn(&registry, 1);
    poll(&registry, first, || ());
    only_site(&registry);
    registry.close_span(first);
    let second = spawn(&registry, 1);
    assert_eq!(first.index(), second.index());
    poll(&registry, second, || ());
    poll(&registry, second, || ());
    for _ in 0..3 {
        assert_eq!(only_site(&registry).revived, 0);
    }
}
