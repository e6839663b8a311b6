use tokio::sync::Mutex;

/// Leaks beside `leaking(b, a)`: each of the two holds what the other one
/// waits for.
async fn leaking(from: &Mutex<i64>, to: &Mutex<i64>) {
    let mut from = from.lock().await;
    let mut to = to.lock().await;
    *from -= 1;
    *to += 1;
}

/// Ends: no lock is held while another one is awaited.
async fn fixed(from: &Mutex<i64>, to: &Mutex<i64>) {
    *from.lock().await -= 1;
    *to.lock().await += 1;
}
