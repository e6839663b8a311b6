//! Waits on channels and notifications.

use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::{Notify, SetOnce, broadcast, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::shape::{Here, shapes};

shapes! {
    mpsc_recv: MpscRecv;
    mpsc_recv_many: MpscRecv;
    mpsc_unbounded_recv: MpscRecv;
    mpsc_send: MpscSend;
    mpsc_reserve_owned: MpscSend;
    mpsc_closed: MpscClosed;
    oneshot_recv: OneshotRecv;
    oneshot_closed: OneshotClosed;
    broadcast_recv: BroadcastRecv;
    watch_changed: WatchChanged;
    watch_wait_for: WatchChanged;
    watch_closed: WatchClosed;
    notified: Notify;
    notified_owned: Notify;
    set_once: SetOnce;
    token_cancelled: Cancelled;
    token_cancelled_owned: Cancelled;
    token_run_until_cancelled: MpscRecv, Cancelled;
    futures_oneshot: FuturesOneshot;
    futures_mpsc: FuturesMpsc;
    stream_of_receiver: MpscRecv;
}

async fn mpsc_recv(here: Here) {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    here.keep(tx);
    here.next_line();
    rx.recv().await;
}

async fn mpsc_recv_many(here: Here) {
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    here.keep(tx);
    let mut batch = Vec::new();
    here.next_line();
    rx.recv_many(&mut batch, 8).await;
}

async fn mpsc_unbounded_recv(here: Here) {
    let (tx, mut rx) = mpsc::unbounded_channel::<()>();
    here.keep(tx);
    here.next_line();
    rx.recv().await;
}

async fn mpsc_send(here: Here) {
    let (tx, rx) = mpsc::channel(1);
    here.keep(rx);
    tx.send(1).await.unwrap();
    here.next_line();
    let _ = tx.send(2).await;
}

async fn mpsc_reserve_owned(here: Here) {
    let (tx, rx) = mpsc::channel(1);
    here.keep(rx);
    tx.send(1).await.unwrap();
    here.next_line();
    let _ = tx.reserve_owned().await;
}

async fn mpsc_closed(here: Here) {
    let (tx, rx) = mpsc::channel::<()>(1);
    here.keep(rx);
    here.next_line();
    tx.closed().await;
}

async fn oneshot_recv(here: Here) {
    let (tx, rx) = oneshot::channel::<()>();
    here.keep(tx);
    here.next_line();
    let _ = rx.await;
}

async fn oneshot_closed(here: Here) {
    let (mut tx, rx) = oneshot::channel::<()>();
    here.keep(rx);
    here.next_line();
    tx.closed().await;
}

async fn broadcast_recv(here: Here) {
    let (tx, mut rx) = broadcast::channel::<()>(1);
    here.keep(tx);
    here.next_line();
    let _ = rx.recv().await;
}

async fn watch_changed(here: Here) {
    let (tx, mut rx) = watch::channel(0);
    here.keep(tx);
    here.next_line();
    let _ = rx.changed().await;
}

async fn watch_wait_for(here: Here) {
    let (tx, mut rx) = watch::channel(0);
    here.keep(tx);
    here.next_line();
    let _ = rx.wait_for(|value| *value == 1).await;
}

async fn watch_closed(here: Here) {
    let (tx, rx) = watch::channel(0);
    here.keep(rx);
    here.next_line();
    tx.closed().await;
}

async fn notified(here: Here) {
    let notify = Arc::new(Notify::new());
    here.keep(notify.clone());
    here.next_line();
    notify.notified().await;
}

async fn notified_owned(here: Here) {
    let notify = Arc::new(Notify::new());
    here.keep(notify.clone());
    here.next_line();
    notify.notified_owned().await;
}

async fn set_once(here: Here) {
    let cell = Arc::new(SetOnce::<u32>::new());
    here.keep(cell.clone());
    here.next_line();
    cell.wait().await;
}

async fn token_cancelled(here: Here) {
    let token = CancellationToken::new();
    here.keep(token.clone());
    here.next_line();
    token.cancelled().await;
}

async fn token_cancelled_owned(here: Here) {
    let token = CancellationToken::new();
    here.keep(token.clone());
    here.next_line();
    token.cancelled_owned().await;
}

async fn token_run_until_cancelled(here: Here) {
    let token = CancellationToken::new();
    let (tx, mut rx) = mpsc::channel::<()>(1);
    here.keep((token.clone(), tx));
    here.next_line();
    token.run_until_cancelled(rx.recv()).await;
}

async fn futures_oneshot(here: Here) {
    let (tx, rx) = futures::channel::oneshot::channel::<()>();
    here.keep(tx);
    here.next_line();
    let _ = rx.await;
}

async fn futures_mpsc(here: Here) {
    let (tx, mut rx) = futures::channel::mpsc::channel::<()>(1);
    here.keep(tx);
    here.next_line();
    rx.next().await;
}

async fn stream_of_receiver(here: Here) {
    let (tx, rx) = mpsc::channel::<()>(1);
    here.keep(tx);
    let mut stream = tokio_stream::wrappers::ReceiverStream::new(rx).map(|()| 1).fuse();
    here.next_line();
    stream.next().await;
}
