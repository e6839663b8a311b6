//! Customers whose requests leave nothing behind.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::Method;
use tokio::net::TcpStream;
use tokio::time::{interval, sleep};

use super::call::Caller;
use crate::demo::truth::{Site, Task};

static CUSTOMER: Site = Site::healthy("customer");
static READER: Site = Site::healthy("news reader");
static IDLER: Site = Site::healthy("idle customers");

/// What a customer does, over and over.
const ROUND: [(Method, &str); 16] = [
    (Method::GET, "/orders/7"),
    (Method::GET, "/export"),
    (Method::POST, "/orders?merchant=acme"),
    (Method::GET, "/orders/10"),
    (Method::POST, "/payments?sku=4"),
    (Method::GET, "/report?month=3"),
    (Method::GET, "/stock?sku=3"),
    (Method::GET, "/stock?sku=3&correct=1"),
    (Method::POST, "/refund?tenant=retail&amount=5"),
    (Method::POST, "/prices?sku=2"),
    (Method::POST, "/import?chunks=3"),
    (Method::GET, "/invoice?order=7"),
    (Method::GET, "/quote?sku=9"),
    (Method::POST, "/transfer?sku=1"),
    (Method::POST, "/logout?user=guest"),
    (Method::GET, "/orders/8"),
];

/// Sends them in.
pub(super) fn start(service: SocketAddr) {
    let caller = Caller::of(service);
    for number in 0..4 {
        tokio::spawn(shop_around(CUSTOMER.task(), caller.clone(), number * 4));
    }
    tokio::spawn(read_news(READER.task(), caller.clone()));
    tokio::spawn(stay(IDLER.task(), caller));
}

/// Some seven requests a second, beginning anywhere in the round.
async fn shop_around(_task: Task, caller: Caller, first: usize) {
    let mut pace = interval(Duration::from_millis(150));
    for (method, path) in ROUND.iter().cycle().skip(first) {
        pace.tick().await;
        caller.call(method, path).await;
    }
}

/// Reads the news for a moment and leaves, again and again.
async fn read_news(_task: Task, caller: Caller) {
    loop {
        if let Err(error) = caller.hang_up("/events?topic=orders", Duration::from_secs(1)).await {
            tracing::info!(%error, "no news");
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// Keeps connections open: four that ask nothing more, and one that reads a quiet topic.
async fn stay(task: Task, caller: Caller) {
    let mut connections = Vec::new();
    for path in ["/orders/1", "/orders/2", "/orders/3", "/orders/4", "/events?topic=recalls"] {
        match caller.linger(path).await {
            Ok(connection) => connections.push(connection),
            Err(error) => tracing::warn!(%error, path, "customer turned away"),
        }
    }
    let closed = futures::future::join_all(connections.iter().map(TcpStream::readable));
    task.waits(closed).await;
}
