//! Wakers in unusual places.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc as threads};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::{ArcWake, AtomicWaker, noop_waker, waker};

use super::stage::{Attempt, Stage};

pub(crate) const ATTEMPTS: &[Attempt] = &[
    in_a_static,
    in_a_leaked_box,
    in_a_message,
    behind_an_arc_wake,
    behind_a_wake,
    in_an_atomic_waker,
    cloned_by_another_thread,
    cloned_from_in_place,
    in_a_destructor_of_a_thread,
    after_a_waker_that_does_nothing,
    kept_by_will_wake,
    in_a_future_of_another_runtime,
    dropped_and_cloned_in_turns,
];

/// Parks until it is allowed to go on; `keep` is given the waker at each poll.
fn parked(
    mut keep: impl FnMut(&Waker) + Send,
) -> (impl Future<Output = ()> + Send, Arc<Mutex<bool>>) {
    let may_go = Arc::new(Mutex::new(false));
    let go = Arc::clone(&may_go);
    let future = poll_fn(move |context: &mut Context<'_>| {
        if *go.lock().unwrap() {
            return Poll::Ready(());
        }
        keep(context.waker());
        Poll::Pending
    });
    (future, may_go)
}

fn in_a_static(stage: &Stage) {
    static KEPT: Mutex<Option<Waker>> = Mutex::new(None);
    let (task, go) = parked(|waker| *KEPT.lock().unwrap() = Some(waker.clone()));
    stage.spawn("in_a_static", task);
    stage.at_last(move || {
        *go.lock().unwrap() = true;
        KEPT.lock().unwrap().take().unwrap().wake();
    });
}

fn in_a_leaked_box(stage: &Stage) {
    let (tx, rx) = threads::channel::<&'static Waker>();
    let (task, go) = parked(move |waker| {
        let _ = tx.send(Box::leak(Box::new(waker.clone())));
    });
    stage.spawn("in_a_leaked_box", task);
    stage.at_last(move || {
        *go.lock().unwrap() = true;
        rx.recv().unwrap().wake_by_ref();
    });
}

fn in_a_message(stage: &Stage) {
    let (tx, rx) = threads::channel();
    let (task, go) = parked(move |waker| _ = tx.send(waker.clone()));
    stage.spawn("in_a_message", task);
    stage.at_last(move || {
        *go.lock().unwrap() = true;
        rx.recv().unwrap().wake();
    });
}

struct Around(Waker);

impl ArcWake for Around {
    fn wake_by_ref(around: &Arc<Self>) {
        around.0.wake_by_ref();
    }
}

impl Wake for Around {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}

/// Polls `inner` with a waker around the task's own.
fn wrapping(
    wrap: fn(Waker) -> Waker,
    inner: impl Future<Output = ()> + Send + 'static,
) -> impl Future<Output = ()> + Send {
    let mut inner = Box::pin(inner);
    poll_fn(move |context| {
        let around = wrap(context.waker().clone());
        inner.as_mut().poll(&mut Context::from_waker(&around))
    })
}

fn behind_an_arc_wake(stage: &Stage) {
    let signal = stage.signal();
    let task = wrapping(|inner| waker(Arc::new(Around(inner))), async { _ = signal.await });
    stage.spawn("behind_an_arc_wake", task);
}

fn behind_a_wake(stage: &Stage) {
    let (tx, rx) = tokio::sync::oneshot::channel();
    let task = wrapping(|inner| Waker::from(Arc::new(Around(inner))), async { _ = rx.await });
    stage.spawn("behind_a_wake", task);
    stage.at_last(move || tx.send(()).unwrap());
}

fn in_an_atomic_waker(stage: &Stage) {
    let kept = Arc::new(AtomicWaker::new());
    let keep = Arc::clone(&kept);
    let (task, go) = parked(move |waker| keep.register(waker));
    stage.spawn("in_an_atomic_waker", task);
    stage.at_last(move || {
        *go.lock().unwrap() = true;
        kept.wake();
    });
}

fn cloned_by_another_thread(stage: &Stage) {
    let (tx, rx) = threads::channel::<Waker>();
    let (task, go) = parked(move |waker| _ = tx.send(waker.clone()));
    let (end, ended) = threads::channel::<()>();
    std::thread::spawn(move || {
        let first = rx.recv().unwrap();
        let clone = first.clone();
        drop(first);
        let _ = ended.recv();
        *go.lock().unwrap() = true;
        clone.wake();
    });
    stage.spawn("cloned_by_another_thread", task);
    stage.at_last(move || drop(end));
}

fn cloned_from_in_place(stage: &Stage) {
    let kept = Arc::new(Mutex::new(noop_waker()));
    let keep = Arc::clone(&kept);
    let (task, go) = parked(move |waker| {
        let mut kept = keep.lock().unwrap();
        kept.clone_from(waker);
        kept.clone_from(&waker.clone());
    });
    stage.spawn("cloned_from_in_place", task);
    stage.at_last(move || {
        *go.lock().unwrap() = true;
        kept.lock().unwrap().wake_by_ref();
    });
}

/// Wakes by a clone of the waker when its thread ends.
struct AtTheEnd(Waker, Arc<Mutex<bool>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        *self.1.lock().unwrap() = true;
        let clone = self.0.clone();
        clone.wake_by_ref();
    }
}

fn in_a_destructor_of_a_thread(stage: &Stage) {
    thread_local! {
        static KEPT: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
    }
    let (tx, rx) = threads::channel::<Waker>();
    let (task, go) = parked(move |waker| _ = tx.send(waker.clone()));
    let (end, ended) = threads::channel::<()>();
    std::thread::spawn(move || {
        KEPT.set(Some(AtTheEnd(rx.recv().unwrap(), go)));
        let _ = ended.recv();
    });
    stage.spawn("in_a_destructor_of_a_thread", task);
    stage.at_last(move || drop(end));
}

fn after_a_waker_that_does_nothing(stage: &Stage) {
    let (tx, rx) = tokio::sync::oneshot::channel::<()>();
    let mut rx = Box::pin(rx);
    stage.spawn("after_a_waker_that_does_nothing", async move {
        let noop = noop_waker();
        assert!(rx.as_mut().poll(&mut Context::from_waker(&noop)).is_pending());
        let _ = rx.await;
    });
    stage.at_last(move || tx.send(()).unwrap());
}

/// Keeps its first waker as long as that would wake the same task.
struct Thrifty(Arc<Mutex<Option<Waker>>>, Arc<Mutex<bool>>);

impl Future for Thrifty {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut kept = self.0.lock().unwrap();
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(context.waker())) {
            *kept = Some(context.waker().clone());
        }
        if *self.1.lock().unwrap() { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn kept_by_will_wake(stage: &Stage) {
    let (kept, go) = (Arc::default(), Arc::default());
    let thrifty = Thrifty(Arc::clone(&kept), Arc::clone(&go));
    stage.spawn("kept_by_will_wake", async {
        let mut thrifty = thrifty;
        for _ in 0..3 {
            let _ = futures::poll!(&mut thrifty);
            tokio::task::yield_now().await;
        }
        thrifty.await;
    });
    stage.at_last(move || {
        *go.lock().unwrap() = true;
        kept.lock().unwrap().as_ref().unwrap().wake_by_ref();
    });
}

fn in_a_future_of_another_runtime(stage: &Stage) {
    let (tx, rx) = tokio::sync::mpsc::unbounded_channel::<Waker>();
    let (task, go) = parked(move |waker| _ = tx.send(waker.clone()));
    let signal = stage.signal();
    stage.spawn("in_a_future_of_another_runtime", task);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut rx = rx;
            let waker = rx.recv().await.unwrap();
            let _ = signal.await;
            *go.lock().unwrap() = true;
            waker.wake();
        });
    });
}

fn dropped_and_cloned_in_turns(stage: &Stage) {
    let (tx, rx) = threads::channel::<Waker>();
    let (task, go) = parked(move |waker| _ = tx.send(waker.clone()));
    let (end, ended) = threads::channel::<()>();
    std::thread::spawn(move || {
        let mut waker = rx.recv().unwrap();
        for _ in 0..1000 {
            let clone = waker.clone();
            drop(std::mem::replace(&mut waker, clone));
        }
        let _ = ended.recv();
        *go.lock().unwrap() = true;
        waker.wake();
    });
    stage.spawn("dropped_and_cloned_in_turns", task);
    stage.at_last(move || drop(end));
}
