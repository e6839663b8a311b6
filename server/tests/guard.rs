//! The leak guard: what it counts, what it lets pass, and what it says.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::future::{Future, pending};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use stranded_server::testing::{Failure, Guard, guard};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

/// Time for tasks to end where they will not.
const SHORT: Duration = Duration::from_millis(100);
/// Nothing here takes this long, unless it never happens.
const LONG: Duration = Duration::from_secs(60);

const FLAVORS: [fn() -> Runtime; 2] = [
    || Builder::new_current_thread().enable_all().build().unwrap(),
    || Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
];

const LEAK: u32 = line!() + 5;
const PARK: u32 = LEAK + 1;
/// Waits for a message that never comes; its sender is kept.
fn leak() -> mpsc::Sender<()> {
    let (sender, mut inbox) = mpsc::channel(1);
    tokio::spawn(async move {
        inbox.recv().await;
    });
    sender
}

fn line(line: u32) -> String {
    format!("server/tests/guard.rs:{line}")
}

/// Checks after a test that has left `test` on its runtime.
fn after<F: Future>(
    runtime: &Runtime,
    test: impl FnOnce() -> F,
    set: fn(Guard) -> Guard,
) -> Result<(), Failure> {
    runtime.block_on(async {
        let guard = set(guard());
        let _kept = test().await;
        guard.check().await
    })
}

#[test]
fn a_task_that_ends_in_time_is_no_leak() {
    for flavor in FLAVORS {
        let test = || async {
            tokio::spawn(async { tokio::time::sleep(SHORT).await });
            tokio::task::spawn_blocking(|| std::thread::sleep(SHORT));
        };
        after(&flavor(), test, |guard| guard.grace(LONG)).unwrap();
    }
}

#[test]
fn a_leaked_task_is_told_with_its_site_and_the_line_at_which_it_waits() {
    for flavor in FLAVORS {
        let failure =
            after(&flavor(), || async { leak() }, |guard| guard.grace(SHORT)).unwrap_err();
        assert_eq!(failure.leaked(), Some(1));
        let text = failure.to_string();
        assert!(text.contains(&format!("1 task spawned at {}\n", line(LEAK))), "{text}");
        assert!(text.contains(&format!("waits in mpsc recv at {} ", line(PARK))), "{text}");
    }
}

#[tokio::test]
#[should_panic(
    expected = "1 task still alive 100ms after the end of the test (guard at server/tests/guard.rs:"
)]
async fn a_leak_fails_the_test() {
    let guard = guard().grace(SHORT);
    let _kept = leak();
    guard.assert_no_leaks().await;
}

#[tokio::test]
async fn the_message() {
    let place = line!() + 1;
    let guard = guard().grace(SHORT);
    let _kept = [leak(), leak()];
    let (_open, opened) = oneshot::channel::<()>();
    let spawned = line!() + 1;
    tokio::spawn(async move {
        waits_deep_inside(opened).await;
    });
    let failure = guard.check().await.unwrap_err().to_string();
    let (leak, park, deep) = (line(LEAK), line(PARK), line(DEEP));
    let expected = format!(
        "3 tasks still alive 100ms after the end of the test (guard at {})

2 tasks spawned at {leak}
  2 wait in mpsc recv at {park} (`leak`)
      leak at {park}

1 task spawned at {}
  1 waits in oneshot recv at {deep} (`waits_deep_inside`)
      waits_deep_inside at {deep}
      the_message at {}

End them before the test ends, or let them stay: `guard.ignore(site)`, `guard.residents(site, most)`.",
        line(place),
        line(spawned),
        line(spawned + 1),
    );
    assert_eq!(failure, expected);
}

async fn waits_deep_inside(opened: oneshot::Receiver<()>) {
    let _ = opened.await;
}
const DEEP: u32 = line!() - 2;

#[test]
fn guards_of_parallel_runtimes_do_not_see_each_others_tasks() {
    for flavor in FLAVORS {
        let (both, done) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let clean = std::thread::spawn({
            let (both, done) = (Arc::clone(&both), Arc::clone(&done));
            move || {
                flavor().block_on(async {
                    let guard = guard().grace(LONG);
                    both.wait();
                    // The other one's task leaks by now.
                    done.wait();
                    tokio::spawn(async {}).await.unwrap();
                    guard.check().await
                })
            }
        });
        let leaking = after(
            &flavor(),
            || async {
                both.wait();
                let kept = leak();
                tokio::task::yield_now().await;
                done.wait();
                kept
            },
            |guard| guard.grace(SHORT),
        );
        assert_eq!(leaking.unwrap_err().leaked(), Some(1));
        clean.join().unwrap().unwrap();
    }
}

#[test]
fn a_task_belongs_to_the_runtime_that_polls_it() {
    let other = FLAVORS[1]();
    let test = || async {
        let (polled, first_poll) = oneshot::channel();
        other.spawn(async move {
            polled.send(()).unwrap();
            pending::<()>().await;
        });
        first_poll.await.unwrap();
    };
    after(&FLAVORS[0](), test, |guard| guard).unwrap();

    let own = FLAVORS[1]();
    let handle = own.handle().clone();
    let test = || async {
        std::thread::spawn(move || handle.spawn(pending::<()>())).join().unwrap();
    };
    let failure = after(&own, test, |guard| guard.grace(SHORT)).unwrap_err();
    assert_eq!(failure.leaked(), Some(1), "spawned by a thread of no runtime");
}

#[test]
fn tasks_from_before_the_guard_do_not_count() {
    for flavor in FLAVORS {
        let runtime = flavor();
        let _kept = runtime.block_on(async { leak() });
        after(&runtime, || async {}, |guard| guard).unwrap();
    }
}

#[test]
fn tasks_that_may_stay_do_up_to_their_number() {
    let runtime = FLAVORS[0]();
    let leaks = || async { [leak(), leak()] };
    after(&runtime, leaks, |guard| guard.ignore("tests/guard.rs:*")).unwrap();
    after(&runtime, leaks, |guard| guard.ignore(&line(LEAK))).unwrap();
    after(&runtime, leaks, |guard| guard.residents(&line(LEAK), 2)).unwrap();
    let failure =
        after(&runtime, leaks, |guard| guard.residents(&line(LEAK), 1).grace(SHORT)).unwrap_err();
    assert_eq!(failure.leaked(), Some(2));
    let failure = after(&runtime, leaks, |guard| guard.ignore("src/*").grace(SHORT)).unwrap_err();
    assert_eq!(failure.leaked(), Some(2));
}

#[tokio::test(start_paused = true)]
async fn under_paused_time_timers_fire_and_a_ticker_does_not_hang_the_guard() {
    let timed = guard();
    tokio::spawn(async { tokio::time::sleep(Duration::from_secs(3600)).await });
    timed.assert_no_leaks().await;

    let endless = guard().grace(SHORT);
    tokio::spawn(async {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
        }
    });
    assert_eq!(endless.check().await.unwrap_err().leaked(), Some(1));
}

#[test]
fn a_runtime_needs_no_timers_to_be_guarded() {
    let bare = Builder::new_current_thread().build().unwrap();
    let failure = after(&bare, || async { leak() }, |guard| guard.grace(SHORT)).unwrap_err();
    assert_eq!(failure.leaked(), Some(1));
}

#[test]
fn local_and_blocking_tasks_count() {
    let runtime = FLAVORS[0]();
    let local = LocalSet::new();
    let failure = local.block_on(&runtime, async {
        let guard = guard().grace(SHORT);
        tokio::task::spawn_local(pending::<()>());
        guard.check().await.unwrap_err()
    });
    assert!(failure.to_string().contains("1 local task spawned at"), "{failure}");

    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let test = || async {
        tokio::task::spawn_blocking(move || stopped.recv());
    };
    let failure = after(&runtime, test, |guard| guard.grace(SHORT)).unwrap_err();
    assert!(failure.to_string().contains("1 blocking task spawned at"), "{failure}");
    assert!(failure.to_string().contains("1 is running"), "{failure}");
    drop(stop);
}

#[test]
fn a_worker_started_for_block_in_place_is_no_leak() {
    let runtime = FLAVORS[1]();
    let test = || async {
        tokio::spawn(async { tokio::task::block_in_place(|| {}) }).await.unwrap();
    };
    after(&runtime, test, |guard| guard).unwrap();
}

/// Keeps its waker where it overwrites it with nothing.
struct Forgetful(Arc<Mutex<Option<Waker>>>);

impl Future for Forgetful {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        *self.0.lock().unwrap() = Some(cx.waker().clone());
        *self.0.lock().unwrap() = None;
        Poll::Pending
    }
}

#[tokio::test]
async fn what_can_be_proven_of_a_leak_is_said() {
    let guard = guard().grace(Duration::from_secs(1));
    let line = line!() + 1;
    tokio::spawn(async { Forgetful(Arc::default()).await });
    let text = guard.check().await.unwrap_err().to_string();
    assert!(text.contains("PROVEN  P1 lost waker"), "{text}");
    assert!(text.contains(&format!("Spawned at  server/tests/guard.rs:{line}\n")), "{text}");
    assert!(text.contains("Nothing can wake this task"), "{text}");
}

#[test]
fn outside_a_runtime_there_is_nothing_to_guard() {
    let message = *std::thread::spawn(|| drop(guard()))
        .join()
        .unwrap_err()
        .downcast::<&'static str>()
        .unwrap();
    assert!(message.contains("make it in a `#[tokio::test]`"), "{message}");
}
