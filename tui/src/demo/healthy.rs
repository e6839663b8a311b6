//! The long-lived tasks that every service has. Some look like leaks and are none.

pub(super) mod audit_writer;
mod batch;
mod config;
pub(super) mod pool;
pub(super) mod signals;
mod supervisor;
mod tickers;

use super::shop::Shop;

/// Starts those that nothing else starts.
pub(super) fn start(shop: &Shop) -> std::io::Result<()> {
    batch::start(shop.clone());
    config::start();
    supervisor::start(shop.clone());
    tickers::start(shop);
    signals::reload_on_hang_up()
}
