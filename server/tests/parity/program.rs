// One program, compiled once with Tokio's types and once with the wrappers: every method that both have, and what it
// gives. The names come from the module that includes it.

fn note(log: &mut Vec<String>, what: &str, gives: impl Debug) {
    log.push(format!("{what}: {gives:?}"));
}

/// Polls once, without a task.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn shared<T: Send + Sync + Unpin>() {}
fn cloned<T: Clone>() {}
fn defaulted<T: Default>() {}

fn traits() {
    shared::<(mpsc::Sender<u8>, mpsc::Receiver<u8>, mpsc::WeakSender<u8>, mpsc::OwnedPermit<u8>)>();
    shared::<(mpsc::Permit<'_, u8>, mpsc::PermitIterator<'_, u8>)>();
    shared::<(mpsc::UnboundedSender<u8>, mpsc::UnboundedReceiver<u8>, mpsc::WeakUnboundedSender<u8>)>();
    shared::<(oneshot::Sender<u8>, oneshot::Receiver<u8>)>();
    shared::<(watch::Sender<u8>, watch::Receiver<u8>)>();
    shared::<(broadcast::Sender<u8>, broadcast::Receiver<u8>, broadcast::WeakSender<u8>)>();
    shared::<(Notify, CancellationToken, DropGuard, DropGuardRef<'_>)>();
    cloned::<(mpsc::Sender<Opaque>, mpsc::WeakSender<Opaque>)>();
    cloned::<(mpsc::UnboundedSender<Opaque>, mpsc::WeakUnboundedSender<Opaque>)>();
    cloned::<(watch::Sender<Opaque>, watch::Receiver<Opaque>)>();
    cloned::<(broadcast::Sender<Opaque>, broadcast::WeakSender<Opaque>, CancellationToken)>();
    defaulted::<(Notify, CancellationToken, watch::Sender<u8>)>();
}

/// Neither `Clone` nor anything else.
struct Opaque;

pub(crate) async fn run() -> Vec<String> {
    let mut log = Vec::new();
    traits();
    bounded(&mut log).await;
    bounded_permits(&mut log).await;
    unbounded(&mut log).await;
    oneshots(&mut log).await;
    watches(&mut log).await;
    broadcasts(&mut log).await;
    notifies(&mut log).await;
    tokens(&mut log).await;
    tokio::task::spawn_blocking(|| {
        let mut log = Vec::new();
        blocking(&mut log);
        log
    })
    .await
    .map(|blocking| log.extend(blocking))
    .unwrap();
    log
}

async fn bounded(log: &mut Vec<String>) {
    let (sender, mut receiver) = mpsc::channel(2);
    note(log, "send", sender.send(1).await);
    note(log, "try_send", sender.try_send(2));
    note(log, "try_send, full", sender.try_send(3));
    note(log, "send_timeout", sender.send_timeout(3, Duration::from_millis(1)).await);
    note(log, "poll send", poll_once(pin!(sender.send(3))));
    note(log, "capacity", (sender.capacity(), sender.max_capacity(), receiver.capacity(), receiver.max_capacity()));
    note(log, "len", (receiver.len(), receiver.is_empty(), receiver.is_closed()));
    note(log, "recv", receiver.recv().await);
    note(log, "try_recv", receiver.try_recv());
    note(log, "try_recv, empty", receiver.try_recv());
    note(log, "poll recv", poll_once(pin!(receiver.recv())));
    let weak = sender.downgrade();
    let again = weak.clone();
    note(log, "counts", (sender.strong_count(), sender.weak_count(), weak.strong_count(), again.weak_count()));
    note(log, "receiver's", (receiver.sender_strong_count(), receiver.sender_weak_count()));
    let other = weak.upgrade().unwrap();
    note(log, "same", (other.same_channel(&sender), other.is_closed()));
    note(log, "send", other.send(4).await);
    note(log, "send", other.clone().send(5).await);
    let mut many = Vec::new();
    note(log, "recv_many", receiver.recv_many(&mut many, 8).await);
    note(log, "many", &many);
    let mut cx = Context::from_waker(Waker::noop());
    note(log, "poll_recv", receiver.poll_recv(&mut cx));
    note(log, "poll_recv_many", receiver.poll_recv_many(&mut cx, &mut many, 2));
    note(log, "poll closed", poll_once(pin!(sender.closed())));
    receiver.close();
    note(log, "closed", receiver.is_closed());
    sender.closed().await;
    note(log, "send, closed", sender.send(6).await);
    drop((sender, other));
    note(log, "recv, closed", receiver.recv().await);
    note(log, "upgrade", weak.upgrade().is_none());
}

async fn bounded_permits(log: &mut Vec<String>) {
    let (sender, mut receiver) = mpsc::channel(4);
    let permit: mpsc::Permit<'_, i32> = sender.reserve().await.unwrap();
    permit.send(1);
    sender.try_reserve().unwrap().send(2);
    let permits: mpsc::PermitIterator<'_, i32> = sender.reserve_many(2).await.unwrap();
    note(log, "permits", (permits.len(), permits.size_hint()));
    for (value, permit) in (3..).zip(permits) {
        permit.send(value);
    }
    note(log, "try_reserve, full", sender.try_reserve().map(drop));
    note(log, "try_reserve_many, full", sender.try_reserve_many(1).map(drop));
    let sender = match sender.try_reserve_owned() {
        Err(mpsc::error::TrySendError::Full(sender)) => sender,
        other => panic!("{other:?}"),
    };
    for _ in 0..4 {
        note(log, "recv", receiver.recv().await);
    }
    note(log, "try_reserve_many", sender.try_reserve_many(2).unwrap().len());
    let permit: mpsc::OwnedPermit<i32> = sender.clone().reserve_owned().await.unwrap();
    let other = sender.clone().try_reserve_owned().unwrap();
    note(log, "same", (permit.same_channel(&other), permit.same_channel_as_sender(&sender)));
    let back = permit.send(9);
    let other = other.release();
    note(log, "same", back.same_channel(&other));
    note(log, "recv", receiver.recv().await);
    drop(receiver);
    note(log, "reserve, closed", sender.reserve().await.map(drop));
    note(log, "reserve_many, closed", sender.reserve_many(2).await.map(drop));
    note(log, "reserve_owned, closed", back.reserve_owned().await.map(drop));
    note(log, "try_reserve_owned, closed", other.try_reserve_owned().is_err());
}

async fn unbounded(log: &mut Vec<String>) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    note(log, "send", sender.send(1));
    note(log, "send", sender.clone().send(2));
    note(log, "len", (receiver.len(), receiver.is_empty(), receiver.is_closed()));
    note(log, "recv", receiver.recv().await);
    note(log, "try_recv", receiver.try_recv());
    note(log, "try_recv, empty", receiver.try_recv());
    let weak = sender.downgrade();
    let again = weak.clone();
    note(log, "counts", (sender.strong_count(), sender.weak_count(), weak.strong_count(), again.weak_count()));
    note(log, "receiver's", (receiver.sender_strong_count(), receiver.sender_weak_count()));
    let other = weak.upgrade().unwrap();
    note(log, "same", (other.same_channel(&sender), other.is_closed()));
    let mut cx = Context::from_waker(Waker::noop());
    let mut many = Vec::new();
    note(log, "poll_recv", receiver.poll_recv(&mut cx));
    note(log, "poll_recv_many", receiver.poll_recv_many(&mut cx, &mut many, 2));
    note(log, "send", other.send(3));
    note(log, "recv_many", receiver.recv_many(&mut many, 2).await);
    receiver.close();
    sender.closed().await;
    note(log, "send, closed", sender.send(4));
    note(log, "recv, closed", receiver.recv().await);
}

async fn oneshots(log: &mut Vec<String>) {
    let (sender, receiver) = oneshot::channel();
    note(log, "send", sender.send(1));
    note(log, "recv", receiver.await);

    let (sender, mut receiver) = oneshot::channel::<i32>();
    note(log, "try_recv, empty", receiver.try_recv());
    note(log, "state", (receiver.is_empty(), receiver.is_terminated(), sender.is_closed()));
    note(log, "poll", poll_once(Pin::new(&mut receiver)));
    drop(sender);
    note(log, "recv, dropped", (&mut receiver).await);
    note(log, "terminated", receiver.is_terminated());

    let (mut sender, mut receiver) = oneshot::channel::<i32>();
    let mut cx = Context::from_waker(Waker::noop());
    note(log, "poll_closed", sender.poll_closed(&mut cx));
    note(log, "poll closed", poll_once(pin!(sender.closed())));
    receiver.close();
    sender.closed().await;
    note(log, "send, closed", sender.send(2));
    note(log, "try_recv, closed", receiver.try_recv());

    let (sender, mut receiver) = oneshot::channel();
    sender.send(3).unwrap();
    note(log, "try_recv", receiver.try_recv());
}

async fn watches(log: &mut Vec<String>) {
    let (sender, mut receiver) = watch::channel(1);
    note(log, "borrow", (*receiver.borrow(), *sender.borrow(), receiver.has_changed()));
    note(log, "send", sender.send(2));
    note(log, "changed", receiver.changed().await);
    note(log, "poll changed", poll_once(pin!(receiver.changed())));
    sender.send_modify(|value| *value += 1);
    note(log, "has_changed", receiver.has_changed());
    note(log, "update", *receiver.borrow_and_update());
    note(log, "updated", receiver.borrow().has_changed());
    note(log, "if", (sender.send_if_modified(|_| false), receiver.has_changed()));
    note(log, "replace", sender.send_replace(7));
    note(log, "wait_for", receiver.wait_for(|value| *value == 7).await.map(|value| *value));
    receiver.mark_changed();
    note(log, "marked", receiver.has_changed());
    receiver.mark_unchanged();
    note(log, "marked", receiver.has_changed());
    let (other, more) = (sender.subscribe(), sender.clone());
    note(log, "counts", (sender.receiver_count(), sender.sender_count()));
    note(log, "same", (receiver.same_channel(&other), sender.same_channel(&more), receiver.clone().is_closed()));
    note(log, "poll closed", poll_once(pin!(sender.closed())));
    drop((other, receiver));
    sender.closed().await;
    note(log, "closed", (sender.is_closed(), sender.send(8)));
    let fresh = watch::Sender::new(1);
    let mut receiver = fresh.subscribe();
    drop(fresh);
    note(log, "changed, closed", receiver.changed().await);
    note(log, "wait_for, closed", receiver.wait_for(|value| *value > 1).await.map(|value| *value));
}

async fn broadcasts(log: &mut Vec<String>) {
    let (sender, mut receiver) = broadcast::channel(2);
    let mut late = sender.subscribe();
    note(log, "send", sender.send(1));
    note(log, "len", (sender.len(), sender.is_empty(), receiver.len(), receiver.is_empty()));
    note(log, "recv", receiver.recv().await);
    note(log, "poll recv", poll_once(pin!(receiver.recv())));
    for n in 2..5 {
        note(log, "send", sender.send(n));
    }
    note(log, "lagged", late.recv().await);
    note(log, "try_recv", late.try_recv());
    let mut fresh = late.resubscribe();
    note(log, "try_recv, empty", fresh.try_recv());
    let weak = sender.downgrade();
    note(log, "counts", (sender.strong_count(), sender.weak_count(), weak.strong_count(), weak.clone().weak_count()));
    note(log, "receiver's", (late.sender_strong_count(), late.sender_weak_count(), sender.receiver_count()));
    let other = weak.upgrade().unwrap();
    note(log, "same", (sender.same_channel(&other), late.same_channel(&fresh), late.is_closed()));
    note(log, "poll closed", poll_once(pin!(sender.closed())));
    drop((receiver, late, fresh));
    sender.closed().await;
    note(log, "send, closed", sender.send(9));
    let fresh = broadcast::Sender::<i32>::new(4);
    let mut receiver = fresh.subscribe();
    drop(fresh);
    note(log, "recv, closed", receiver.recv().await);
}

static CONSTANT: Notify = Notify::const_new();

async fn notifies(log: &mut Vec<String>) {
    let notify = Notify::new();
    notify.notify_one();
    notify.notified().await;
    let (mut first, mut last) = (pin!(notify.notified()), pin!(notify.notified()));
    note(log, "enable", (first.as_mut().enable(), last.as_mut().enable()));
    notify.notify_last();
    note(log, "first", poll_once(first.as_mut()));
    note(log, "last", poll_once(last.as_mut()));
    notify.notify_waiters();
    first.await;
    let waiting: Notified<'static> = CONSTANT.notified();
    CONSTANT.notify_one();
    waiting.await;
}

async fn tokens(log: &mut Vec<String>) {
    let token = CancellationToken::new();
    let child = token.child_token();
    note(log, "token", (&token, token.is_cancelled(), token == token.clone(), token == child));
    note(log, "poll", poll_once(pin!(token.cancelled())));
    note(log, "ran", token.run_until_cancelled(async { 3 }).await);
    drop(token.clone().drop_guard().disarm());
    let guard: DropGuardRef<'_> = child.drop_guard_ref();
    note(log, "guards", guard.token().is_cancelled());
    drop(guard);
    note(log, "after", (child.is_cancelled(), token.is_cancelled()));
    child.cancelled().await;
    let guard: DropGuard = token.clone().drop_guard();
    note(log, "guards", guard.token().is_cancelled());
    note(log, "running", poll_once(pin!(token.run_until_cancelled(std::future::pending::<()>()))));
    drop(guard);
    note(log, "ran", token.run_until_cancelled(std::future::pending::<()>()).await);
    token.clone().cancelled_owned().await;
    note(log, "ran", token.clone().run_until_cancelled_owned(async { 3 }).await);
    let other = CancellationToken::default();
    other.cancel();
    other.cancelled().await;
    note(log, "hashed", std::collections::HashSet::from([other.clone(), other, token]).len());
}

fn blocking(log: &mut Vec<String>) {
    let (sender, mut receiver) = mpsc::channel(4);
    note(log, "blocking_send", sender.blocking_send(1));
    note(log, "blocking_recv", receiver.blocking_recv());
    note(log, "blocking_send", sender.blocking_send(2));
    let mut many = Vec::new();
    note(log, "blocking_recv_many", receiver.blocking_recv_many(&mut many, 3));
    drop(receiver);
    note(log, "blocking_send, closed", sender.blocking_send(3));
    let (sender, mut receiver) = mpsc::unbounded_channel();
    sender.send(1).unwrap();
    note(log, "blocking_recv", receiver.blocking_recv());
    sender.send(2).unwrap();
    note(log, "blocking_recv_many", receiver.blocking_recv_many(&mut many, 3));
    let (sender, receiver) = oneshot::channel();
    sender.send(1).unwrap();
    note(log, "blocking_recv", receiver.blocking_recv());
    let (sender, mut receiver) = broadcast::channel(2);
    sender.send(1).unwrap();
    note(log, "blocking_recv", receiver.blocking_recv());
}

/// What a program does most, without anybody who waits for long.
pub(crate) fn everyday() {
    let (sender, mut receiver) = mpsc::channel(4);
    let other = sender.clone();
    for n in 0..100 {
        assert!(poll_once(pin!(sender.send(n))).is_ready());
        other.try_send(n).unwrap();
        assert_eq!(poll_once(pin!(receiver.recv())), Poll::Ready(Some(n)));
        assert_eq!(receiver.try_recv(), Ok(n));
    }
    assert!(poll_once(pin!(receiver.recv())).is_pending());
    let (sender, mut receiver) = oneshot::channel();
    assert!(poll_once(Pin::new(&mut receiver)).is_pending());
    sender.send(1).unwrap();
    let (sender, mut receiver) = watch::channel(1);
    assert!(poll_once(pin!(receiver.changed())).is_pending());
    sender.send(2).unwrap();
    let (sender, mut receiver) = broadcast::channel(4);
    sender.send(1).unwrap();
    assert!(poll_once(pin!(receiver.recv())).is_ready());
    let (notify, token) = (Notify::new(), CancellationToken::new());
    assert!(poll_once(pin!(notify.notified())).is_pending());
    assert!(poll_once(pin!(token.child_token().cancelled())).is_pending());
    token.cancel();
}
