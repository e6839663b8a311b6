//! How long tasks wait and run.

use std::future::poll_fn;
use std::sync::mpsc::channel;
use std::task::Poll;
use std::time::{Duration, Instant};

use stranded_analysis::histogram::LogHistogram;

use super::service::{Service, site_at};

/// How long a task sleeps: not less.
const NAP: Duration = Duration::from_millis(20);

fn shortest(times: &LogHistogram) -> Duration {
    times.quantile(0.0).unwrap()
}

/// Wakes the task in its own poll.
async fn turn() {
    let mut turned = false;
    poll_fn(|context| {
        if std::mem::replace(&mut turned, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn the_gaps_between_wakes_are_those_of_real_waits_alone() {
    let service = Service::with_workers(0);
    let (line, waited) = service.run(|runtime| {
        runtime.block_on(async {
            let line = line!() + 1;
            let task = tokio::spawn(async {
                let start = Instant::now();
                for _ in 0..3 {
                    tokio::time::sleep(NAP).await;
                }
                let waited = start.elapsed();
                for _ in 0..100 {
                    turn().await;
                }
                waited
            });
            (line, task.await.unwrap())
        })
    });
    let look = service.registry.look(Duration::ZERO);
    let gaps = &site_at(&look, line).unwrap().park_times;
    assert_eq!(gaps.count(), 3, "a task that wakes itself in its poll does not wait");
    assert!(shortest(gaps) <= waited);
    assert!(shortest(gaps) >= NAP * 3 / 4, "{gaps:?}");
}

#[test]
fn a_poll_and_blocking_work_show_how_long_they_have_been_running() {
    let service = Service::with_workers(1);
    let (go_on, stop) = channel::<()>();
    let start = Instant::now();
    let line = service.run(|_| {
        tokio::task::spawn_blocking(move || stop.recv());
        line!() - 1
    });
    let running = |longer_than: Duration| {
        service.until(Duration::ZERO, |look| {
            let site = site_at(look, line)?;
            assert!(site.running_for.count() == site.running);
            let longest = site.running_for.quantile(1.0)?;
            (longest > longer_than).then_some(longest)
        })
    };
    let first = running(Duration::ZERO);
    // A bucket of the histogram reaches up to a quarter further than what is in it.
    assert!(first <= start.elapsed() * 5 / 4 + Duration::from_nanos(1));
    assert!(running(first) > first, "it goes on");
    drop(go_on);
    service.until(Duration::ZERO, |look| {
        let site = site_at(look, line)?;
        (site.live == 0 && site.running_for == LogHistogram::default()).then_some(())
    });
}
