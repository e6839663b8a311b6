//! Tasks that park at once and for good: fifty spawn sites, three ways to wait at each.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::time::sleep;

/// Tasks that wait for a packet: each takes a descriptor, and most systems give a process 1,024.
const SOCKETS: usize = 64;
/// Ways to wait at one spawn site.
const WAITS_PER_SITE: usize = 3;
/// Longer than anybody looks.
const FOR_GOOD: Duration = Duration::from_secs(1_000_000);

/// What a task waits for.
#[derive(Clone, Copy, Debug)]
enum Wait {
    /// A message from a sender that is alive and sends nothing.
    Message,
    /// A reply likewise.
    Reply,
    /// A timer.
    Timer,
    /// A bell that nobody rings.
    Bell,
    /// A lock that is never released.
    Lock,
    /// Nothing at all: its waker is lost.
    Nothing,
    /// A packet that nobody sends.
    Packet,
}

impl Wait {
    /// Those that take nothing that a process runs out of.
    const CHEAP: [Self; 6] =
        [Self::Message, Self::Reply, Self::Timer, Self::Bell, Self::Lock, Self::Nothing];
}

/// What the tasks share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    bell: Notify,
    lock: Mutex<()>,
    arrived: AtomicUsize,
}

impl Shared {
    async fn wait(&self, wait: Wait) {
        self.arrived.fetch_add(1, SeqCst);
        match wait {
            Wait::Message => {
                let (_sender, mut messages) = mpsc::channel::<()>(1);
                messages.recv().await;
            }
            Wait::Reply => {
                let (_sender, reply) = oneshot::channel::<()>();
                drop(reply.await);
            }
            Wait::Timer => sleep(FOR_GOOD).await,
            Wait::Bell => self.bell.notified().await,
            Wait::Lock => drop(self.lock.lock().await),
            Wait::Nothing => pending().await,
            Wait::Packet => {
                let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
                let _ = socket.recv(&mut [0; 16]).await;
            }
        }
    }
}

/// Each use is a spawn site, and its future a type of its own, as in a real service.
macro_rules! site {
    () => {
        |shared, wait| drop(tokio::spawn(async move { shared.wait(wait).await }))
    };
}

/// On lines of their own, by which a reader of the list tells them apart.
#[rustfmt::skip]
const SITES: [fn(Arc<Shared>, Wait); 50] = [
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
    site!(),
];

/// Spawns `count` tasks and waits until each has begun to wait.
pub(crate) async fn park(count: usize) {
    let shared = Arc::new(Shared::default());
    let guard = shared.lock.lock().await;
    for number in 0..count {
        let at = number % SITES.len();
        let wait = match number / SITES.len() {
            round if at == 0 && round < SOCKETS => Wait::Packet,
            round => Wait::CHEAP[(at + round % WAITS_PER_SITE) % Wait::CHEAP.len()],
        };
        SITES[at](Arc::clone(&shared), wait);
    }
    while shared.arrived.load(SeqCst) < count {
        sleep(Duration::from_millis(1)).await;
    }
    std::mem::forget(guard);
}
