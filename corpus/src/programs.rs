//! The programs, one a module. A new one is its file, its `mod` and its place in [`ALL`].

mod actor_ask;
mod audit_log;
mod bank_transfer;
mod batch_import;
mod batch_tracker;
mod bounded_calls;
mod bulk_import;
mod bulk_update;
mod cache_refresh;
mod cache_warmup;
mod chat_hub;
mod chat_rooms;
mod child_process;
mod config_watcher;
mod connection_pool;
mod crawl_jobs;
mod delayed_jobs;
mod document_editor;
mod event_bus;
mod event_hub;
mod event_stream;
mod export_api;
mod feature_config;
mod file_copy;
mod http_pool;
mod inventory;
mod job_signal;
mod job_supervisor;
mod keepalive_pool;
mod lazy_tenants;
mod lease_holder;
mod lease_pool;
mod ledger;
mod ledger_report;
mod live_feed;
mod long_poll;
mod main_select;
mod news_stream;
mod nightly_cleanup;
mod optional_export;
mod order_saga;
mod order_stream;
mod pdf_converter;
mod peer_sync;
mod permit_relay;
mod phases;
mod plugin_hooks;
mod price_merge;
mod price_ticker;
mod prime_sieve;
mod quorum_vote;
mod rate_limiter;
mod reconnect;
mod refill_limit;
mod report_renderer;
mod rolling_restart;
mod rpc_client;
mod scatter_gather;
mod script_engine;
mod search_replicas;
mod seat_booking;
mod session_heartbeat;
mod session_refresh;
mod shared_index;
mod shared_quote;
mod shopping_cart;
mod signal_handler;
mod slow_consumer;
mod slow_start;
mod standby;
mod stock_hold;
mod supervisor;
mod swap_with_timeout;
mod temp_uploads;
mod tenant_servers;
mod tenants;
mod thumbnails;
mod tidy_sessions;
mod tls_dialer;
mod upload_server;
mod webhook_retry;
mod worker_pool;
mod yearly_reports;

use crate::harness::Program;

/// Every program.
pub const ALL: &[Program] = &[
    actor_ask::PROGRAM,
    audit_log::PROGRAM,
    bank_transfer::PROGRAM,
    batch_import::PROGRAM,
    batch_tracker::PROGRAM,
    bounded_calls::PROGRAM,
    bulk_import::PROGRAM,
    bulk_update::PROGRAM,
    cache_refresh::PROGRAM,
    cache_warmup::PROGRAM,
    chat_hub::PROGRAM,
    chat_rooms::PROGRAM,
    child_process::PROGRAM,
    config_watcher::PROGRAM,
    connection_pool::PROGRAM,
    crawl_jobs::PROGRAM,
    delayed_jobs::PROGRAM,
    document_editor::PROGRAM,
    event_bus::PROGRAM,
    event_hub::PROGRAM,
    event_stream::PROGRAM,
    export_api::PROGRAM,
    feature_config::PROGRAM,
    file_copy::PROGRAM,
    http_pool::PROGRAM,
    inventory::PROGRAM,
    job_signal::PROGRAM,
    job_supervisor::PROGRAM,
    keepalive_pool::PROGRAM,
    lazy_tenants::PROGRAM,
    lease_holder::PROGRAM,
    lease_pool::PROGRAM,
    ledger::PROGRAM,
    ledger_report::PROGRAM,
    live_feed::PROGRAM,
    long_poll::PROGRAM,
    main_select::PROGRAM,
    news_stream::PROGRAM,
    nightly_cleanup::PROGRAM,
    optional_export::PROGRAM,
    order_saga::PROGRAM,
    order_stream::PROGRAM,
    pdf_converter::PROGRAM,
    peer_sync::PROGRAM,
    permit_relay::PROGRAM,
    phases::PROGRAM,
    plugin_hooks::PROGRAM,
    price_merge::PROGRAM,
    price_ticker::PROGRAM,
    prime_sieve::PROGRAM,
    quorum_vote::PROGRAM,
    rate_limiter::PROGRAM,
    reconnect::PROGRAM,
    refill_limit::PROGRAM,
    report_renderer::PROGRAM,
    rolling_restart::PROGRAM,
    rpc_client::PROGRAM,
    scatter_gather::PROGRAM,
    script_engine::PROGRAM,
    search_replicas::PROGRAM,
    seat_booking::PROGRAM,
    session_heartbeat::PROGRAM,
    session_refresh::PROGRAM,
    shared_index::PROGRAM,
    shared_quote::PROGRAM,
    shopping_cart::PROGRAM,
    signal_handler::PROGRAM,
    slow_consumer::PROGRAM,
    slow_start::PROGRAM,
    standby::PROGRAM,
    stock_hold::PROGRAM,
    supervisor::PROGRAM,
    swap_with_timeout::PROGRAM,
    temp_uploads::PROGRAM,
    tenant_servers::PROGRAM,
    tenants::PROGRAM,
    thumbnails::PROGRAM,
    tidy_sessions::PROGRAM,
    tls_dialer::PROGRAM,
    upload_server::PROGRAM,
    webhook_retry::PROGRAM,
    worker_pool::PROGRAM,
    yearly_reports::PROGRAM,
];

/// The program with that name.
pub fn by_name(name: &str) -> Option<&'static Program> {
    ALL.iter().find(|program| program.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sorted() {
        let names: Vec<_> = ALL.iter().map(|program| program.name).collect();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
    }
}
