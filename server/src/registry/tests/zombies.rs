//! Ended tasks that a leaked waker pins.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use stranded_analysis::facts::Zombies;

use super::service::{Service, site_at};

/// Tokio boxes futures above 2 KiB; those are freed at their end.
const BYTES: usize = 1000;

#[test]
fn what_leaked_wakers_pin_is_counted_until_they_are_gone() {
    let service = Service::with_workers(0);
    let leaked = Arc::new(Mutex::new(Vec::<Waker>::new()));
    let (line, size) = service.run(|runtime| {
        let keep = |wakers: usize| {
            let leaked = Arc::clone(&leaked);
            async move {
                let large = std::hint::black_box([1u8; BYTES]);
                let mut registered = false;
                poll_fn(|context| {
                    if std::mem::replace(&mut registered, true) {
                        return Poll::Ready(());
                    }
                    leaked.lock().unwrap().extend((0..wakers).map(|_| context.waker().clone()));
                    context.waker().wake_by_ref();
                    Poll::Pending
                })
                .await;
                std::hint::black_box(&large);
            }
        };
        let size = size_of_val(&keep(0));
        let mut line = 0;
        for wakers in [2, 3, 0] {
            line = line!() + 1;
            let task = runtime.spawn(keep(wakers));
            runtime.block_on(task).unwrap();
        }
        (line, size)
    });
    assert!(size >= BYTES);
    let zombies = |until: &dyn Fn(&Option<Zombies>) -> bool| {
        service.until(Duration::ZERO, |look| {
            let site = site_at(look, line)?;
            assert_eq!((site.live, site.returned), (0, 3));
            until(&site.zombies).then(|| site.zombies.clone())
        })
    };
    let first = zombies(&|_| true).unwrap();
    assert_eq!((first.tasks, first.wakers, first.bytes), (2, 5, 2 * size as u64));
    assert_eq!(first.ended_ago.count(), 2);
    let stacks: Vec<_> = first.stacks.iter().map(|count| count.tasks).collect();
    assert_eq!(stacks, [2], "both registered on the same line");
    let frames = service.describe(first.stacks[0].stack).frames;
    let files = || frames.iter().filter_map(|frame| frame.file.as_deref());
    assert!(files().any(|file| file.ends_with("tests/zombies.rs")), "{frames:?}");
    let longest = first.ended_ago.quantile(1.0);
    zombies(&|now| now.as_ref().unwrap().ended_ago.quantile(0.0) > longest);

    let last = leaked.lock().unwrap().pop().unwrap();
    service.run(|_| leaked.lock().unwrap().clear());
    let one = zombies(&|_| true).unwrap();
    assert_eq!((one.tasks, one.wakers, one.bytes), (1, 1, size as u64));
    service.run(|_| drop(last));
    assert_eq!(zombies(&|_| true), None);
}
