//! Who woke a task, and whether they are still there.

use std::sync::Arc;
use std::time::Duration;

use stranded_analysis::facts::{Cluster, TaskId, TaskRef};
use tokio::sync::{Notify, mpsc};

use super::service::{Service, site_at};

/// A receiver that sleeps first if asked to, and two tasks that send to it one after the other and then wait.
struct Scene {
    service: Service,
    line: u32,
    producers: Vec<(TaskId, Arc<Notify>)>,
    /// Nobody closes the channel.
    _sender: mpsc::Sender<u32>,
}

impl Scene {
    fn set(sleeps_first: bool) -> Self {
        let service = Service::with_workers(1);
        let (sender, mut receiver) = mpsc::channel(1);
        let (line, producers) = service.run(|runtime| {
            runtime.spawn(async move {
                if sleeps_first {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                while receiver.recv().await.is_some() {}
            });
            (line!() - 6, Vec::new())
        });
        let mut scene = Self { service, line, producers, _sender: sender.clone() };
        for _ in 0..2 {
            scene.receiver(|seen| !sleeps_first || seen.never_woken == 0);
            let (sender, leave) = (sender.clone(), Arc::new(Notify::new()));
            let left = Arc::clone(&leave);
            let id = scene.service.run(|runtime| {
                let producer = runtime.spawn(async move {
                    sender.send(1).await.unwrap();
                    left.notified().await;
                });
                producer.id().to_string().parse().unwrap()
            });
            scene.producers.push((TaskId(id), leave));
            scene.receiver(|seen| seen.last_waker.is_some_and(|by| by.id == TaskId(id)));
        }
        scene
    }

    /// The receiver once it is parked in `recv` and `holds` of it.
    fn receiver(&self, holds: impl Fn(&Cluster) -> bool) -> Cluster {
        self.service.until(Duration::ZERO, |look| {
            let cluster = site_at(look, self.line)?.clusters.first()?;
            (cluster.parked == 1 && holds(cluster)).then(|| cluster.clone())
        })
    }

    /// Lets a producer end.
    fn end(&self, producer: usize) {
        self.service.run(|_| self.producers[producer].1.notify_one());
        let live = 1 - producer as u64;
        self.service.until(Duration::ZERO, |look| {
            let producers = look.sites.iter().find(|site| site.spawned == 2)?;
            (producers.live == live).then_some(())
        });
    }
}

#[test]
fn a_receiver_misses_its_wakers_when_the_last_of_them_has_ended() {
    let scene = Scene::set(false);
    assert_eq!(scene.receiver(|_| true).waker_gone, 0);
    scene.end(0);
    let one_left = scene.receiver(|_| true);
    assert_eq!((one_left.waker_gone, one_left.waker_gone_since), (0, None));
    let before = scene.service.registry.clock().now();
    scene.end(1);
    let gone = scene.receiver(|_| true);
    assert_eq!(gone.waker_gone, 1);
    let since = gone.waker_gone_since.unwrap();
    assert!(since >= before);
    let last = gone.last_waker.unwrap();
    let id = scene.producers[1].0;
    assert_eq!(last, TaskRef { id, site: last.site, alive: false });
    assert_eq!(scene.receiver(|_| true).waker_gone_since, Some(since), "it stays so");
}

#[test]
fn a_task_that_a_timer_has_woken_too_does_not_miss_tasks() {
    let scene = Scene::set(true);
    scene.end(0);
    scene.end(1);
    let seen = scene.receiver(|_| true);
    assert_eq!((seen.waker_gone, seen.woken_by_task), (0, 1));
    assert!(seen.last_waker.is_some_and(|waker| !waker.alive));
}
