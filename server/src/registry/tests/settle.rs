//! A task that nothing can wake, looked at again and again.

use std::time::Duration;

use super::super::cold::Settle;
use super::BY_A_DRIVER;
use super::*;

const SETTLE: Duration = Duration::from_nanos(5);

/// A task that parks without a waker in its first poll.
fn stranded() -> (Slot, Cold) {
    let slot = Slot::default();
    slot.reset(Moment(1), 0);
    slot.publish(SlotId::new(0, 1));
    poll(&slot);
    (slot, Cold::default())
}

fn poll(slot: &Slot) {
    slot.enter(Moment(2), false, false);
    slot.exit(Moment(3), false);
}

fn look(slot: &Slot, cold: &Cold, now: u64) -> Option<Settle> {
    let seen = slot.read().unwrap();
    cold.settle(&seen, seen.parked(), Moment(now), SETTLE)
}

fn since(at: u64) -> Settle {
    Settle::UnchangedSince(Moment(at))
}

#[test]
fn it_settles_while_nothing_changes() {
    let (slot, cold) = stranded();
    assert_eq!(look(&slot, &cold, 10), Some(since(10)));
    assert_eq!(look(&slot, &cold, 12), Some(since(10)));
    poll(&slot);
    assert_eq!(look(&slot, &cold, 13), Some(since(13)), "it had not settled yet");
    assert_eq!(look(&slot, &cold, 19), Some(since(13)));
    assert_eq!(cold.unchanged_since(&slot.read().unwrap()), Some(Moment(13)));
}

#[test]
fn its_revival_is_noticed_once_it_cannot_be_its_end() {
    let (slot, cold) = stranded();
    assert_eq!(look(&slot, &cold, 10), Some(since(10)));
    assert_eq!(look(&slot, &cold, 15), Some(since(10)));
    slot.enter(Moment(16), false, false);
    assert_eq!(look(&slot, &cold, 20), None);
    assert_eq!(look(&slot, &cold, 30), None, "maybe dropping it takes long");
    slot.exit(Moment(31), false);
    assert_eq!(look(&slot, &cold, 40), Some(Settle::Revived));
    assert_eq!(look(&slot, &cold, 41), Some(since(40)), "and the same all over");
}

#[test]
fn it_need_not_be_seen_at_rest_to_have_revived() {
    let (slot, cold) = stranded();
    assert_eq!(look(&slot, &cold, 10), Some(since(10)));
    slot.wake(Moment(16), BY_A_DRIVER);
    assert_eq!(look(&slot, &cold, 17), None);
    slot.enter(Moment(18), false, false);
    assert_eq!(look(&slot, &cold, 19), Some(Settle::Revived));
    assert_eq!(look(&slot, &cold, 20), None);
}
