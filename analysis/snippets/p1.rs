use std::future::poll_fn;
use std::sync::Mutex;
use std::task::{Poll, Waker};

/// What one task waits for and another one sets, waking the waiting one.
struct Flag {
    set: bool,
    waker: Option<Waker>,
}

/// Leaks: the waker is not kept, so whoever sets the flag has nobody to wake.
async fn leaking(flag: &Mutex<Flag>) {
    poll_fn(|_| match flag.lock() {
        Ok(flag) if !flag.set => Poll::Pending,
        _ => Poll::Ready(()),
    })
    .await;
}

/// Ends: each poll that is not ready leaves its waker behind.
async fn fixed(flag: &Mutex<Flag>) {
    poll_fn(|cx| match flag.lock() {
        Ok(mut flag) if !flag.set => {
            flag.waker = Some(cx.waker().clone());
            Poll::Pending
        }
        _ => Poll::Ready(()),
    })
    .await;
}
