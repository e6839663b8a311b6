//! What the handlers of the service share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::{Mutex, Notify, Semaphore, broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::archive::Archive;
use super::healthy::audit_writer;
use super::healthy::pool::Pool;
use super::neighbours::Neighbours;

/// The state of the service; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    /// What is for sale.
    pub stock: Arc<Mutex<Stock>>,
    /// The world outside.
    pub neighbours: Neighbours,
    /// Orders of past years.
    pub archive: Archive,
    /// Which months are closed.
    pub books: Books,
    /// Who did what.
    pub audit: Audit,
    /// News for clients.
    pub topics: Topics,
    /// The invoice printer.
    pub printer: Printer,
    /// Imports to which more may be added.
    pub open_imports: Arc<Mutex<Vec<mpsc::Sender<u64>>>>,
    /// Work for later.
    pub pool: Pool,
    /// Cancelled when the service ends.
    pub shutdown: CancellationToken,
    http: Client<HttpConnector, Empty<Bytes>>,
}

impl Shop {
    /// Opens the shop.
    pub(super) async fn open(shutdown: CancellationToken) -> std::io::Result<Self> {
        let neighbours = Neighbours::start()?;
        Ok(Self {
            stock: Arc::default(),
            neighbours,
            archive: Archive::connect(neighbours.archive).await?,
            books: Books::closed_up_to(12),
            audit: Audit::start(),
            topics: Topics {
                orders: broadcast::Sender::new(16),
                recalls: broadcast::Sender::new(16),
            },
            printer: Printer { slots: Arc::new(Semaphore::new(10_000)), paper: Arc::default() },
            open_imports: Arc::default(),
            pool: Pool::start(),
            shutdown,
            http: Client::builder(TokioExecutor::new()).build_http(),
        })
    }

    /// The latest orders as a table.
    pub(super) async fn recent_orders(&self) -> String {
        tokio::time::sleep(Duration::from_millis(2)).await;
        format!("{} articles\n", self.stock.lock().await.articles.len())
    }

    /// Charges a card.
    pub(super) async fn charge(&self, declined: bool) -> Result<(), StatusCode> {
        tokio::time::sleep(Duration::from_millis(3)).await;
        if declined { Err(StatusCode::PAYMENT_REQUIRED) } else { Ok(()) }
    }

    /// Posts to a merchant, and says whether it was taken.
    pub(super) async fn post(&self, url: &str) -> bool {
        let Ok(request) = Request::post(url).body(Empty::new()) else {
            return false;
        };
        self.http.request(request).await.is_ok_and(|response| response.status().is_success())
    }
}

/// What is for sale.
#[derive(Debug, Default)]
pub(super) struct Stock {
    articles: BTreeMap<u64, Article>,
}

#[derive(Debug, Default)]
struct Article {
    price: u64,
    set_aside: u64,
}

impl Stock {
    /// Keeps a piece for a customer.
    pub(super) fn set_aside(&mut self, sku: u64) {
        self.articles.entry(sku).or_default().set_aside += 1;
    }

    /// Gives a kept piece to its customer.
    pub(super) fn hand_out(&mut self, sku: u64) {
        let article = self.articles.entry(sku).or_default();
        article.set_aside = article.set_aside.saturating_sub(1);
    }

    /// Sets a price.
    pub(super) fn price(&mut self, sku: u64, price: u64) {
        self.articles.entry(sku).or_default().price = price;
    }

    /// The price and the kept pieces of an article.
    pub(super) fn look_up(&self, sku: u64) -> (u64, u64) {
        self.articles.get(&sku).map_or((0, 0), |article| (article.price, article.set_aside))
    }
}

/// Knows up to which month the books are closed.
#[derive(Clone, Debug)]
pub(super) struct Books(Arc<watch::Sender<u32>>);

impl Books {
    fn closed_up_to(month: u32) -> Self {
        Self(Arc::new(watch::Sender::new(month)))
    }

    /// The latest closed month, and news of it.
    pub(super) fn closed(&self) -> watch::Receiver<u32> {
        self.0.subscribe()
    }
}

/// Who did what, for each tenant.
#[derive(Clone, Debug)]
pub(super) struct Audit {
    /// Written by its own task.
    pub retail: mpsc::Sender<String>,
    /// Was once written by a task.
    pub wholesale: mpsc::Sender<String>,
    _unread: Arc<mpsc::Receiver<String>>,
}

impl Audit {
    fn start() -> Self {
        let (wholesale, unread) = mpsc::channel(8);
        Self { retail: audit_writer::start(), wholesale, _unread: Arc::new(unread) }
    }
}

/// News for clients.
#[derive(Clone, Debug)]
pub(super) struct Topics {
    /// Several a second.
    pub orders: broadcast::Sender<String>,
    /// None so far.
    pub recalls: broadcast::Sender<String>,
}

/// The invoice printer.
#[derive(Clone, Debug)]
pub(super) struct Printer {
    /// How much it can print at a time.
    pub slots: Arc<Semaphore>,
    /// Told when there is paper again.
    pub paper: Arc<Notify>,
}
