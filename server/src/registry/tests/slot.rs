//! One slot, driven by hand.

use super::super::slot::Slot;
use super::BY_A_DRIVER;
use super::*;

fn id() -> SlotId {
    SlotId::new(0, 1)
}

fn slot() -> Slot {
    let slot = Slot::default();
    slot.reset(Moment(10), 0);
    slot.publish(id());
    slot
}

#[test]
fn a_wake_between_two_polls_leaves_the_task_scheduled_until_it_is_polled() {
    let slot = slot();
    assert!(slot.read().unwrap().notified(), "a new task waits for its first poll");
    assert_eq!(slot.enter(Moment(15), false, false).waited, Some(5));
    slot.clone_waker();
    slot.exit(Moment(20), false);
    assert!(slot.read().unwrap().parked());
    slot.wake(Moment(30), BY_A_DRIVER);
    assert!(!slot.drop_waker(id()));
    let woken = slot.read().unwrap();
    assert!(woken.notified() && !woken.parked());
    assert_eq!(slot.enter(Moment(37), false, false).waited, Some(7));
    assert!(slot.read().unwrap().running());
    slot.exit(Moment(40), false);
    let parked = slot.read().unwrap();
    assert!(parked.parked());
    assert_eq!((parked.polls(), parked.busy, parked.scheduled), (2, 8, 12));
    assert_eq!((parked.live_wakers(), parked.clones(), parked.wakes()), (0, 1, 1));
}

#[test]
fn a_second_wake_before_a_poll_may_still_lead_to_another_one() {
    let slot = slot();
    slot.enter(Moment(11), false, false);
    slot.exit(Moment(12), false);
    assert!(!slot.read().unwrap().maybe_notified());
    slot.wake(Moment(13), BY_A_DRIVER);
    slot.wake(Moment(14), BY_A_DRIVER);
    slot.enter(Moment(15), false, false);
    slot.exit(Moment(16), false);
    assert!(slot.read().unwrap().maybe_notified());
}

#[test]
fn a_drop_that_was_never_cloned_makes_the_count_unreliable_and_not_negative() {
    let slot = slot();
    assert!(!slot.drop_waker(id()));
    let read = slot.read().unwrap();
    assert!(read.unaccounted());
    assert_eq!(read.live_wakers(), 0);
}

#[test]
fn an_ended_task_is_freed_once_by_its_close_or_by_its_last_waker() {
    let slot = slot();
    slot.clone_waker();
    slot.clone_waker();
    assert!(!slot.close(), "two wakers keep it");
    assert!(!slot.drop_waker(id()));
    assert!(slot.drop_waker(id()), "the last waker frees it");
    assert!(!slot.forget_wakers(), "only once");
}

#[test]
fn a_drop_too_many_neither_hides_the_end_nor_frees_twice() {
    let slot = slot();
    assert!(!slot.drop_waker(id()));
    assert!(slot.close(), "no waker keeps it");
    assert!(!slot.drop_waker(id()));
}

#[test]
fn a_waker_forgotten_with_its_task_is_not_believed_to_be_one_of_the_next() {
    let slot = slot();
    slot.clone_waker();
    assert!(!slot.close());
    assert!(slot.forget_wakers());
    let next = SlotId::new(0, 2);
    slot.reset(Moment(20), 0);
    slot.publish(next);
    slot.clone_waker();
    assert!(!slot.read().unwrap().unaccounted());
    // Its thread found the slot still holding its task, and was suspended before it counted.
    assert!(!slot.drop_waker(id()));
    assert!(slot.read().unwrap().unaccounted(), "the count of the next is wrong now");
}

#[test]
fn the_two_latest_distinct_stacks_are_kept_with_their_polls() {
    let slot = slot();
    for (at, stacks) in [[7, 8], [8, 7], [7, 9]].into_iter().enumerate() {
        slot.enter(Moment(at as u64 * 10 + 11), false, false);
        for stack in stacks {
            slot.clone_waker();
            slot.register(stack);
        }
        slot.exit(Moment(at as u64 * 10 + 12), false);
    }
    let mut kept: Vec<_> = slot.read().unwrap().registrations().collect();
    kept.sort_unstable();
    assert_eq!(kept, [(7, 3), (9, 3)]);
}

#[test]
fn a_registration_whose_waker_is_gone_when_the_poll_ends_is_not_of_that_poll() {
    let slot = slot();
    for (at, stacks) in [vec![7], vec![7], vec![7, 8]].into_iter().enumerate() {
        slot.enter(Moment(at as u64 * 10 + 11), false, false);
        for stack in stacks {
            slot.clone_waker();
            slot.register(stack);
        }
        assert!(!slot.drop_waker(id()), "the task lives on");
        slot.exit(Moment(at as u64 * 10 + 12), false);
        let kept: Vec<_> = slot.read().unwrap().registrations().collect();
        let expected = [&[(7, 1)][..], &[(7, 1)], &[(8, 3)]];
        assert_eq!(kept, expected[at], "poll {}", at + 1);
    }
}

#[test]
fn a_task_that_is_polled_without_a_pause_is_running_and_never_missing() {
    let (slot, done) = (slot(), AtomicU8::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while done.load(Relaxed) == 0 {
                slot.enter(Moment(11), false, false);
                slot.exit(Moment(12), false);
            }
        });
        let missing = (0..2_000_000).filter(|_| slot.read().is_none()).count();
        done.store(1, Relaxed);
        assert_eq!(missing, 0, "looks that did not find it");
    });
}
